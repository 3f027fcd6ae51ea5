/** Waiting for ICE candidates: SIP sends them with the description, not one by one. */

/** Resolves when the local description has its candidates, or after `limitMs`; tells which. */
export function gathered(peerConnection: RTCPeerConnection, limitMs: number): Promise<"complete" | "timeout"> {
  return new Promise((resolve) => {
    const finish = (how: "complete" | "timeout") => {
      clearTimeout(timer);
      peerConnection.removeEventListener("icegatheringstatechange", look);
      peerConnection.removeEventListener("icecandidate", look);
      resolve(how);
    };
    // After an ICE restart the state may still be that of the generation before; its candidates are not.
    const look = () => {
      if (peerConnection.iceGatheringState === "complete" && peerConnection.localDescription?.sdp.includes("a=candidate:")) finish("complete");
    };
    const timer = setTimeout(() => finish("timeout"), limitMs);
    peerConnection.addEventListener("icegatheringstatechange", look);
    peerConnection.addEventListener("icecandidate", look);
    look();
  });
}
