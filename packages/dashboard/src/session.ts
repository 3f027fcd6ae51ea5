// A session ends while a page is open.

/** Where an answer says that the session has ended, the page is loaded again: by the login the way leads back to it. */
export function logInIfEnded(answer: Response): void {
  if (answer.status === 401) location.reload();
}
