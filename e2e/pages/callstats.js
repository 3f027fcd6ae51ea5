/** A page that uses callstats.js as its guide says. The test drives it through `call`. */

"use strict";

window.call = {
  said: [],

  /** `options`: appId, appSecret or token, userId, otherId, conferenceId, proxy, preCallTest. */
  async start(options) {
    const client = new callstats();
    const { appId, appSecret, token, userId, otherId, conferenceId, proxy, preCallTest } = options;
    Object.assign(this, { client, conferenceId });
    if (proxy) {
      window.csioproxy = true;
      client.setProxyConfig({
        authServiceURL: `${proxy}/`,
        collectorURL: `${proxy}/`,
        restEventURL: `${proxy}/v1/apps/`,
        restStatsURL: `${proxy}/v1/apps/`,
        appSettingsURL: `${proxy}/v1/apps/`,
      });
    }
    client.initialize(
      appId,
      token === undefined ? appSecret : (_forceNew, give) => give(null, token),
      userId,
      (status, message) => this.said.push([status, message]),
      (stats) => (this.stats = stats),
      {
        applicationVersion: "1.2.3",
        disablePrecalltest: !preCallTest,
        siteID: "hq",
        additionalIDs: { customerID: "walmart" },
        collectLegacyStats: false,
      },
    );
    // A call that begins stops the test.
    if (preCallTest) return;
    const connection = new RTCPeerConnection();
    this.connection = connection;
    client.addNewFabric(connection, otherId, client.fabricUsage.multiplex, conferenceId, {
      remoteEndpointType: client.endpointType.peer,
      fabricTransmissionDirection: client.transmissionDirection.sendrecv,
    });
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
    for (const track of stream.getTracks()) connection.addTrack(track, stream);
    connection.ontrack = (event) => (document.getElementById("video").srcObject = event.streams[0]);
    connection.onicecandidate = (event) => event.candidate && signal({ candidate: event.candidate.toJSON() });
  },

  /** What the other page says. */
  async hear(message) {
    const { connection } = this;
    if (message.candidate) return connection.addIceCandidate(message.candidate);
    await connection.setRemoteDescription(message);
    if (message.type !== "offer") return;
    await connection.setLocalDescription(await connection.createAnswer());
    await signal(connection.localDescription.toJSON());
  },

  async offer() {
    await this.connection.setLocalDescription(await this.connection.createOffer());
    await signal(this.connection.localDescription.toJSON());
  },

  /** A call with oneself, where no other page is needed. */
  async alone() {
    const [here, there] = [this.connection, new RTCPeerConnection()];
    here.onicecandidate = (event) => event.candidate && there.addIceCandidate(event.candidate);
    there.onicecandidate = (event) => event.candidate && here.addIceCandidate(event.candidate);
    await here.setLocalDescription(await here.createOffer());
    await there.setRemoteDescription(here.localDescription);
    await there.setLocalDescription(await there.createAnswer());
    await here.setRemoteDescription(there.localDescription);
  },

  event(name, data) {
    const { client, connection, conferenceId } = this;
    return client.sendFabricEvent(connection, client.fabricEvent[name], conferenceId, data);
  },
};
