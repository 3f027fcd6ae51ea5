// What the server tells of a running conference. All parts of a page share one stream: over HTTP/1.1 a browser opens no more than six
// connections to a server, in all its tabs together.

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

  /** Tells when something may have been missed: the stream was interrupted, or this page was too slow. */
  onMissed(tell: () => void): void {
    this.missed.push(tell);
  }
}
