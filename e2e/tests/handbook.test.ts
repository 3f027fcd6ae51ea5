/** What the handbook tells readers to write does what it says: each piece of code is taken from its page and run. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, afterEach, beforeEach, test } from "node:test";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import type { Phone, PhoneOptions } from "../../packages/sdk/src/phone/api.ts";
import { isUnhindered, launchChromium, profile } from "../src/browsers.ts";
import { logIn } from "../src/dashboard.ts";
import { filledIn, section, snippets } from "../src/handbook.ts";
import { open } from "../src/loopback.ts";
import { type Origin, serve } from "../src/origin.ts";
import { setUp } from "../src/setup.ts";
import { type ConferenceBody, freePort, run, Sidetone } from "../src/sidetone.ts";
import { startNginx } from "../src/nginx.ts";
import { isListening, startAskingKamailio } from "../src/sip.ts";
import { until } from "../src/wait.ts";

/** What the readers' code is run through. */
interface Program {
  /** Hands over the page's connection; ended when the user has hung up. */
  run(peerConnection: RTCPeerConnection, hungUp: Promise<void>): Promise<void> | void;
}

declare const program: Program;
declare const phone: Phone;
declare const SidetonePhone: { createPhone(options: PhoneOptions): Phone };
/** What a call came to. */
declare const connected: Promise<unknown>, ticked: Promise<unknown>;

let browser: Browser;
let sidetone: Sidetone;
let site: Origin | undefined;
let complaints: string[] = [];
const modules = mkdtempSync(join(tmpdir(), "sidetone-handbook-"));

setUp(async (start) => void (browser = await start("Chromium", launchChromium())));

beforeEach(async () => {
  sidetone = await Sidetone.start({ settings: ["sip.enabled=true", "sip.behind_proxy=true"] });
});

afterEach(async () => {
  await site?.close();
  await sidetone.stop();
  assert.deepEqual(complaints.splice(0), []);
});

after(() => rmSync(modules, { recursive: true, force: true }));

/** A page of the reader's that calls itself. */
async function visit(html: string, script = ""): Promise<Page> {
  site = await serve({ "/": { type: "text/html", body: `<!doctype html><link rel="icon" href="data:,">${html}` }, "/program.js": { type: "text/javascript", body: script } });
  const opened = await open(browser, site.url);
  complaints = opened.complaints;
  return opened.page;
}

/** The bundle of a program whose modules a reader has installed. */
async function bundle(contents: string): Promise<string> {
  const e2e = fileURLToPath(new URL("../node_modules", import.meta.url));
  const shared = fileURLToPath(new URL("../../node_modules", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents, loader: "jsx", resolveDir: modules },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "program",
    jsx: "automatic",
    target: "es2022",
    nodePaths: [e2e, shared],
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return outputFiles[0]?.text ?? "";
}

/** Installs the SDK as the page says, from the server itself. */
function installSdk(): void {
  const [command = ""] = /npm install \S+\.tgz/.exec(filledIn(section("first-call", "With a bundler"), sidetone)) ?? [];
  execFileSync("npm", [...command.split(" ").slice(1), "--no-audit", "--no-fund"], { cwd: modules, stdio: "pipe" });
}

async function reported(reports: number): Promise<ConferenceBody> {
  return until(`${reports} reports are there`, async () => {
    const [conference] = await sidetone.conferences("weekly");
    return conference && conference.peer_connections.reduce((sum, held) => sum + held.report_count, 0) >= reports ? conference : undefined;
  });
}

/** The user's stay, once they have left. */
async function left(): Promise<void> {
  await until("ada has left", async () => (await sidetone.conference("weekly")).participants.every(({ ended_ms }) => ended_ms !== null));
  const { participants } = await sidetone.conference("weekly");
  assert.deepEqual(participants.map(({ user_id, timed_out }) => [user_id, timed_out]), [["ada", false]]);
}

/** Connects, and hands the end that receives over to the program. */
async function call(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const [from, to] = await loopback.connect();
    const hungUp = new Promise<void>((resolve) => addEventListener("hang up", () => resolve()));
    Object.assign(globalThis, { far: from, done: program.run(to, hungUp) });
  });
}

test("a script tag and two lines measure every connection of the page", async () => {
  const [tag = ""] = snippets("first-call", "By script tag", "html");
  assert.ok(readFileSync(new URL("../../README.md", import.meta.url), "utf8").includes(tag), "README shows the same");
  const page = await visit(filledIn(tag, sidetone));
  await page.evaluate(() => loopback.connect().then(() => undefined));
  await until("both ends are there", async () => (await sidetone.conferences("weekly"))[0]?.peer_connections.length === 2);
  await isUnhindered(page);
  await page.close({ runBeforeUnload: true });
  await left();
});

test("the package that the server has, through a bundler", async () => {
  installSdk();
  const [code = ""] = snippets("first-call", "With a bundler", "js");
  const [imports, body] = [code.match(/^import .*$/gm)?.join("\n") ?? "", code.replace(/^import .*$/gm, "").replace("// … when the user hangs up:", "await hungUp;")];
  assert.match(body, /await hungUp;/);
  const page = await visit("<script src=/program.js></script>", await bundle(filledIn(`${imports}\nexport async function run(peerConnection, hungUp) {${body}}`, sidetone)));
  await call(page);
  assert.equal((await reported(2)).peer_connections.length, 1);
  await page.evaluate(() => void dispatchEvent(new Event("hang up")));
  await left();
  await page.close();
});

test("the React hook tells the issues of a connection, and stops with its component", async () => {
  installSdk();
  const [hook = "", use = ""] = snippets("first-call", "In React", "jsx");
  const page = await visit(
    "<main></main><script src=/program.js></script>",
    await bundle(`
      import { createRoot } from "react-dom/client";
      ${filledIn(hook, sidetone)}
      function Call({ peerConnection }) { ${use} }
      export async function run(peerConnection, hungUp) {
        const root = createRoot(document.querySelector("main"));
        root.render(<Call peerConnection={peerConnection} />);
        await hungUp;
        root.unmount();
      }`),
  );
  await call(page);
  await reported(8);
  // A busy machine may have said something of its own in the meantime.
  await until("nothing is wrong", async () => (await page.getByRole("status").count()) === 0);
  const microphone = (off: boolean) => page.evaluate(async (off) => {
    const { far } = globalThis as unknown as { far: RTCPeerConnection & { held?: MediaStreamTrack } };
    const [sender] = far.getSenders();
    far.held ??= sender!.track!;
    await sender!.replaceTrack(off ? null : far.held);
  }, off);
  await microphone(true);
  await page.getByText("Your connection is unstable.").waitFor();
  await microphone(false);
  await page.getByText("Your connection is unstable.").waitFor({ state: "detached" });
  await page.evaluate(() => void dispatchEvent(new Event("hang up")));
  await left();
  await page.close();
});

test("a dozen lines without any library are a client", async () => {
  const [code = ""] = snippets("first-call", "Without any library", "js");
  const page = await visit("<script src=/program.js></script>", await bundle(`export function run(peerConnection) {${filledIn(code, sidetone)}}`));
  await call(page);
  const { peer_connections } = await reported(3);
  assert.deepEqual(peer_connections.map(({ peer_connection_id }) => peer_connection_id), ["pc0"]);
  await page.close();
});

test("a token for each user, signed as the page says, speaks for that user alone", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sidetone-token-"));
  try {
    const [commands = ""] = snippets("intake", "A token for each user", "console");
    const made = commands.split("\n").filter((line) => line.startsWith("$ openssl ")).map((line) => line.slice(2));
    execFileSync("sh", ["-e", "-c", made.join("\n")], { cwd: folder, stdio: "pipe" });
    const [key = ""] = /kid=\S+/.exec(commands)!;
    run("app", "--data", sidetone.data, "set", "e2e", "--token-key", key.replace("public.pem", join(folder, "public.pem")));
    const [app] = JSON.parse(run("app", "--data", sidetone.data, "list", "--json")) as [{ key: string }];
    const [code = ""] = snippets("intake", "A token for each user", "js");
    writeFileSync(join(folder, "token.mjs"), `${code}\nconsole.log(tokenFor(${JSON.stringify(app.key)}, "ada"));`);
    const token = execFileSync(process.execPath, ["token.mjs"], { cwd: folder, encoding: "utf8" }).trim();
    const send = (user: string) => {
      const batch = { conference_id: "weekly", user_id: user, participant_id: `stay of ${user}`, batch_seq: 0, sent_ms: Date.now() };
      return fetch(`${sidetone.url}/v1/batches`, { method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: JSON.stringify(batch) });
    };
    const known = await until("the server knows the key", async () => ((await send("ada")).status === 200 ? true : undefined));
    assert.deepEqual([known, (await send("bob")).status], [true, 403]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("the Content-Security-Policy for phones lets them ring, call and measure", async () => {
  const [, header = ""] = snippets("content-security-policy", "Content-Security-Policy", "http");
  const policy = filledIn(header.trim().replace("Content-Security-Policy: ", ""), sidetone).replaceAll("wss://quality.example.com", sidetone.url.replace("http", "ws"));
  for (const user of ["ada", "bob"]) sidetone.phoneUser(user);
  const body = `<!doctype html><link rel="icon" href="data:,"><script src="${sidetone.url}/sdk/phone.js" crossorigin></script>`;
  site = await serve({ "/": { type: "text/html", body, headers: { "content-security-policy": `default-src 'none'; img-src data:; ${policy}` } } });
  const context = await profile(browser, { permissions: ["microphone"] });
  const [ada, bob] = await Promise.all(["ada", "bob"].map(async (user) => {
    const page = await context.newPage();
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    await page.goto(site!.url);
    await page.evaluate(
      ({ url, secret, user }) => {
        const servers = `${url.replace("http", "ws")}/sip`;
        const made = SidetonePhone.createPhone({ domain: "localhost", servers, quality: { url, secret } });
        Object.assign(globalThis, { phone: made });
        return made.connect({ user, password: `secret-${user}` });
      },
      { url: sidetone.url, secret: sidetone.intakeSecret, user },
    );
    return page;
  })) as [Page, Page];
  await ada.evaluate(() => {
    const call = phone.call("bob");
    Object.assign(globalThis, { connected: new Promise((resolve) => call.on("mediaConnected", resolve)), ticked: new Promise((resolve) => call.on("tick", resolve)) });
  });
  for (const page of [ada, bob]) await until("it rings", () => page.evaluate(() => phone.calls[0]?.state === "ringing"));
  await bob.evaluate(() => phone.calls[0]!.answer());
  const isReduced = await ada.evaluate(async () => {
    await Promise.all([connected, ticked]);
    const isReduced = await phone.calls[0]!.setNoiseReduction(true);
    phone.calls[0]!.hangUp();
    return isReduced;
  });
  assert.ok(isReduced, "noise reduction runs");
  await context.close();
});

test("nginx in front passes reports, live streams, log-ins, files and phones", async () => {
  const [configuration = ""] = snippets("tls", "Behind nginx", "nginx");
  const nginx = await startNginx(configuration, sidetone.port);
  try {
    const authorization = `Bearer ${sidetone.intakeSecret}`;
    const batch = { conference_id: "weekly", user_id: "ada", participant_id: "stay", peer_connection_id: "pc0", batch_seq: 0, sent_ms: Date.now(), reports: [{ time_ms: Date.now(), stats: {} }] };
    const padded = JSON.stringify(batch) + " ".repeat(1_000_000);
    const answer = await fetch(`${nginx.url}/v1/batches`, { method: "POST", headers: { authorization, "content-type": "application/json" }, body: padded });
    assert.equal(answer.status, 200, await answer.text());

    // The first line of a stream is there at once, though little was said and more is to come.
    const { key } = await sidetone.conference("weekly");
    const stream = await fetch(`${nginx.url}/v1/conferences/${key}/live`, { headers: { authorization: `Bearer ${sidetone.querySecret}` } });
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    const first = await stream.body!.getReader().read();
    assert.ok((first.value?.length ?? 0) > 0);

    const user = sidetone.user();
    const login = await fetch(`${nginx.url}/login`, { method: "POST", body: user, headers: { origin: nginx.url }, redirect: "manual" });
    assert.equal(login.status, 303);
    assert.match(login.headers.get("set-cookie") ?? "", /; Secure/);
    assert.equal((await fetch(`${nginx.url}/metrics`)).status, 403);
    // From outside, where the health of the server is nobody's business.
    const told = run("doctor", "--server", nginx.url, "--ca", nginx.certificate, "--token", sidetone.intakeSecret, "--send-test-batch");
    assert.match(told, /TLS holds[^]*may send only[^]*"stored"[^]*"duplicate"/);

    const page = await (await profile(browser, { ignoreHTTPSErrors: true, baseURL: nginx.url })).newPage();
    await logIn(page, user.get("name")!, user.get("password")!);
    const dump = readFileSync(new URL("../../testdata/traces/webrtc-internals-av.json", import.meta.url));
    await page.goto("/import");
    await page.locator('input[type="file"]').setInputFiles({ name: "long.json", mimeType: "application/json", buffer: Buffer.concat([dump, Buffer.alloc(8 << 20, " ")]) });
    await page.locator(".results .done, .results .failed").waitFor();
    assert.equal(await page.locator(".results .failed").count(), 0, (await page.locator(".results").textContent())!);
    const protocol = await page.evaluate(() => new Promise((resolve, reject) => {
      const socket = new WebSocket(`wss://${location.host}/sip`, "sip");
      socket.onopen = () => resolve(socket.protocol);
      socket.onerror = () => reject(new Error("the socket did not open"));
    }));
    assert.equal(protocol, "sip");
    await page.context().close();
  } finally {
    await nginx.stop();
  }
});

test("a TURN server that is set up as its page says carries nothing into private networks", async () => {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "sidetone-turn-"));
  const file = join(folder, "turnserver.conf");
  const [shown = ""] = snippets("turn", "TURN credentials", "ini");
  const local = `listening-port=${port}\nno-tls\nno-dtls\nlistening-ip=127.0.0.1\nrelay-ip=127.0.0.1\npidfile=${folder}/pid\ndb=${folder}/db\nlog-file=stdout\n`;
  writeFileSync(file, shown + local);
  const relay = spawn("/usr/bin/turnserver", ["-c", file], { stdio: "ignore" });
  try {
    await until(`port ${port} is open`, () => isListening(port));
    const secret = /^static-auth-secret=(.*)$/m.exec(shown)![1]!;
    const [udp, tcp] = await Promise.all([[], ["-T"]].map((transport) => new Promise<string>((resolve) => {
      const asked = spawn("/usr/bin/turnutils_uclient", [...transport, "-W", secret, "-u", "ada", "-p", String(port), "-e", "10.9.9.9", "-n", "1", "-m", "1", "-c", "127.0.0.1"], { timeout: 60_000 });
      let told = "";
      const refused = (chunk: Buffer) => (told += chunk.toString()) && /error \d+ \(.*\)/.test(told) && asked.kill();
      asked.stdout.on("data", refused);
      asked.stderr.on("data", refused);
      asked.on("close", () => resolve(told));
    })));
    assert.match(udp!, /error 403 \(Forbidden IP\)/);
    assert.match(tcp!, /error 442 \(TCP Transport is not allowed/);
  } finally {
    relay.kill();
    rmSync(folder, { recursive: true, force: true });
  }
});

test("two phones call each other over Kamailio and coturn, set up as one page says", async () => {
  const setup = (heading: string, language: string) => snippets("kamailio", heading, language);
  const turnPort = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "sidetone-setup-"));
  // This machine's only network is its own.
  const local = `listening-ip=127.0.0.1\nrelay-ip=127.0.0.1\nallow-loopback-peers\npidfile=${folder}/pid\ndb=${folder}/db\nlog-file=stdout\n`;
  const coturn = join(folder, "turnserver.conf");
  writeFileSync(coturn, setup("coturn", "ini").join("").replace("3478", String(turnPort)) + local);
  const [own = ""] = setup("Sidetone", "toml");
  const measuring = await Sidetone.start({ config: own.replaceAll("calls.example.com:3478", `127.0.0.1:${turnPort}`) });
  for (const user of ["ada", "bob"]) measuring.phoneUser(user);
  const relay = spawn("/usr/bin/turnserver", ["-c", coturn], { stdio: "ignore" });
  const kamailio = await startAskingKamailio(measuring);
  try {
    await until(`port ${turnPort} is open`, () => isListening(turnPort));
    const wire = await kamailio.wire();
    const [page = ""] = setup("The page", "html");
    const html = page
      .replaceAll("https://calls.example.com", measuring.url)
      .replace("wss://calls.example.com/kamailio", wire.url)
      .replaceAll("sti_…", measuring.intakeSecret)
      .replace("servers:", 'domain: "calls.example.com", iceTransportPolicy: "relay", servers:');
    const ada = await visit(`${html}<script>globalThis.phone = phone</script>`);
    const bob = (await open(browser, site!.url)).page;
    await assert.rejects(ada.evaluate(() => phone.connect({ user: "ada", password: "not hers" })));
    for (const [page, user, password] of [[ada, "ada", "secret-ada"], [bob, "bob", "secret-bob"]] as const) {
      await page.evaluate(([user, password]) => phone.connect({ user, password }), [user, password] as const);
    }
    await ada.evaluate(() => new Promise((resolve) => phone.call("bob").on("mediaConnected", resolve)));
    // Chromium's statistics are up to 50 ms old: they may not have the pair yet.
    const candidate = await until("a pair is selected", () =>
      ada.evaluate(async () => {
        const stats = [...((await phone.calls[0]!.peerConnection!.getStats()) as unknown as Map<string, Record<string, unknown>>).values()];
        const transport = stats.find(({ type }) => type === "transport");
        const pair = stats.find(({ id }) => id === transport?.["selectedCandidatePairId"]);
        return stats.find(({ id }) => id === pair?.["localCandidateId"])?.["candidateType"];
      }),
    );
    assert.equal(candidate, "relay");
    await ada.evaluate(() => phone.calls.forEach((call) => call.hangUp()));
    const conference = await until("the call is there", async () => {
      const { conferences } = await measuring.get<{ conferences: { conference_id: string }[] }>("/v1/conferences");
      return conferences[0] && measuring.finalised(conferences[0].conference_id);
    });
    assert.deepEqual(conference.participants.map(({ user_id }) => user_id).sort(), ["ada", "bob"]);
    await Promise.all([ada, bob].map((page) => page.close()));
    await wire.close();
  } finally {
    relay.kill();
    await kamailio.stop();
    await measuring.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
