// What the server tells of a running conference. All parts of a page share one stream: over HTTP/1.1 a browser opens no more than six
// connections to a server, in all its tabs together.

/** What a page says that the server tells nothing any more: a browser asks no second time where it was refused. */
export const NO_STREAM = "This page hears no more of what happens: your session may have ended. Load it again.";

const open = new Map<string, Live>();

export class Live {
  private readonly source: EventSource;
  private readonly missed: (() => void)[] = [];

  static of(url: string): Live {
    const held = open.get(url) ?? new Live(url);
    open.set(url, held);
    return held;
  }

  private constructor(url: string) {
    this.source = new EventSource(url);
    let isFirst = true;
    const tellMissed = (): void => this.missed.forEach((tell) => tell());
    // `state` comes at the beginning, and again after an interruption.
    this.on("state", () => {
      if (!isFirst) tellMissed();
      isFirst = false;
    });
    this.on("lagged", tellMissed);
    this.on("conference_ended", () => this.source.close());
  }

  on<Body>(name: string, take: (body: Body) => void): void {
    this.source.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data) as Body));
  }

  /** Tells when the server refuses to go on, as after the end of the session. */
  onRefused(tell: () => void): void {
    this.source.addEventListener("error", () => this.source.readyState === EventSource.CLOSED && tell());
  }

  /** Tells when something may have been missed: the stream was interrupted, or this page was too slow. */
  onMissed(tell: () => void): void {
    this.missed.push(tell);
  }
}
