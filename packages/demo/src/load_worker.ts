/** Keeps one processor busy until it is ended. */

for (let sum = 0; ; sum += 1) Math.sqrt(sum);
