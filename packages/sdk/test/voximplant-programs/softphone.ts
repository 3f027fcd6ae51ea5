// A softphone as the original's guide builds one: init, connect, log in, call, answer, render, hang up.

import * as VoxImplant from "voximplant-websdk";
import type { Call } from "voximplant-websdk/Call/Call";
import type { EventHandlers } from "voximplant-websdk/EventHandlers";

const sdk = VoxImplant.getInstance();
let currentCall: Call | null = null;

async function start(user: string, password: string): Promise<string | undefined> {
  if (!sdk.alreadyInitialized) {
    await sdk.init({
      micRequired: true,
      progressTone: true,
      progressToneCountry: "US",
      rtcStatsCollectionInterval: 5000,
      node: VoxImplant.ConnectionNode.NODE_1,
      queueType: VoxImplant.QueueTypes.SmartQueue,
      remoteVideoContainerId: "remote",
      localVideoContainerId: "local",
      videoConstraints: { width: 640, height: 480 },
    });
  }
  if (sdk.getClientState() === VoxImplant.ClientState.DISCONNECTED) await sdk.connect();
  const auth = await sdk.login(user, password, { receiveCalls: true });
  if (!auth.result && auth.code === VoxImplant.AuthResultCode.InvalidPassword) return undefined;
  const tokens: VoxImplant.LoginTokens | undefined = auth.tokens;
  if (tokens) window.localStorage.setItem("tokens", `${tokens.accessToken} ${tokens.accessExpire + 1}`);
  return auth.displayName;
}

sdk.on(VoxImplant.Events.SDKReady, ({ version }: EventHandlers.SDKReady) => console.log(version.split(".")));
sdk.on(VoxImplant.Events.ConnectionFailed, (event: EventHandlers.ConnectionFailed) => console.log(event.message.length));
sdk.on(VoxImplant.Events.ConnectionClosed, () => void sdk.connect());
sdk.on(VoxImplant.Events.Reconnecting, () => undefined, { once: true, capture: true });
sdk.on(VoxImplant.Events.MicAccessResult, (event: EventHandlers.MicAccessResult) => event.result && event.stream.getAudioTracks());
sdk.on(VoxImplant.Events.IncomingCall, ({ call, headers, video }: EventHandlers.IncomingCall) => {
  currentCall = call;
  listen(call);
  console.log(headers, call.number(), call.displayName(), call.headers()["X-Order"]);
  if (confirm(call.displayName())) call.answer("", { "X-Answered-By": "web" }, { sendVideo: video === true, receiveVideo: true });
  else call.decline({ "X-Why": "lunch" });
});

function listen(call: Call): void {
  call.on(VoxImplant.CallEvents.Connected, ({ call: connected, headers }: EventHandlers.CallEventWithHeaders) => console.log(connected.id(), headers));
  call.on(VoxImplant.CallEvents.Disconnected, (event: EventHandlers.Disconnected) => {
    currentCall = null;
    if (event.params?.answeredElsewhere) console.log("elsewhere");
  });
  call.on(VoxImplant.CallEvents.Failed, (event: EventHandlers.Failed) => {
    const text: string = `${event.code.toFixed(0)} ${event.reason.toUpperCase()}`;
    alert(text);
  });
  call.on(VoxImplant.CallEvents.ProgressToneStart, () => console.log("ringing"));
  call.on(VoxImplant.CallEvents.InfoReceived, ({ body, mimeType }: EventHandlers.InfoReceived) => mimeType.startsWith("application/") && JSON.parse(body));
  call.on(VoxImplant.CallEvents.MessageReceived, (event: EventHandlers.MessageReceived) => event.text.trim());
  call.on(VoxImplant.CallEvents.StateUpdated, (event: EventHandlers.StateUpdated) => {
    if (event.new === VoxImplant.CallState.ENDED && event.old !== VoxImplant.CallState.STOPPING) console.log("cut");
  });
  call.on(VoxImplant.CallEvents.EndpointAdded, ({ endpoint }: { endpoint: VoxImplant.Endpoint }) => {
    endpoint.on(VoxImplant.EndpointEvents.RemoteMediaAdded, ({ mediaRenderer }: EventHandlers.EndpointMediaHandler) => {
      if (mediaRenderer.kind === VoxImplant.MediaRendererKind.Audio) mediaRenderer.setVolume(0.8);
      mediaRenderer.render(document.getElementById("remote") ?? undefined);
      mediaRenderer.element.addEventListener("resize", () => void mediaRenderer.requestVideoSize(320, 240));
    });
    endpoint.on(VoxImplant.EndpointEvents.VoiceStart, (event: EventHandlers.VoiceStart) => console.log(event.endpoint.userName));
    endpoint.on(VoxImplant.EndpointEvents.MediaRenderDisabled, (event: EventHandlers.MediaRenderDisabled) => event.reason === VoxImplant.MediaRenderDisablingReason.Manual);
  });
  call.off(VoxImplant.CallEvents.ProgressToneStart);
}

function dial(number: string): void {
  const call = sdk.call({ number, video: { sendVideo: true, receiveVideo: true }, customData: "from the shop", extraHeaders: { "X-Order": "12" }, H264first: true });
  listen(call);
  currentCall = call;
}

const simple: Call = sdk.call("100", false, "data", { "X-A": "b" });

async function controls(other: Call): Promise<void> {
  if (!currentCall) return;
  const held: EventHandlers.Updated = await currentCall.setActive(!currentCall.active());
  if (!held.result) console.log(held.reason?.length);
  const stopped: EventHandlers.SharingStopped = await currentCall.shareScreen().then(() => currentCall!.stopSharingScreen());
  console.log(stopped.result, await currentCall.sendVideo(true));
  currentCall.sendTone("5");
  currentCall.sendInfo("application/json", "{}", {});
  currentCall.sendMessage("hello");
  if (currentCall.isMicrophoneMuted()) currentCall.unmuteMicrophone();
  else currentCall.muteMicrophone();
  currentCall.mutePlayback();
  currentCall.unmutePlayback();
  const seconds: number = currentCall.getCallDuration() / 1000;
  const names: string[] = currentCall.getEndpoints().map(({ displayName }) => displayName);
  console.log(seconds, names, currentCall.state() === VoxImplant.CallState.CONNECTED);
  sdk.transferCall(currentCall, other);
  currentCall.hangup({ "X-Reason": "done" });
  currentCall.reject();
  await sdk.disconnect();
}

export { controls, dial, simple, start };
