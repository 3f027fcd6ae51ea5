// Digest authentication: the examples of RFC 7616, and which of several challenges is answered (RFC 8760).

import assert from "node:assert/strict";
import { test } from "node:test";
import { firstKnown } from "../src/phone/jssip/digest.ts";
import { DigestAuthentication } from "../src/phone/jssip/library.ts";

/** RFC 7616 §3.9.1. */
const EXAMPLE = { realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque: "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", qop: ["auth", "auth-int"] };
const CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";

const MUFASA = { username: "Mufasa", password: "Circle of Life", realm: null, ha1: null };

const RESPONSES = {
  MD5: "8ca523f5e9506fed4657c9700eebdbec",
  "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
};

for (const [algorithm, response] of Object.entries(RESPONSES)) {
  test(`${algorithm} gives the answer of the example`, () => {
    const digest = new DigestAuthentication(MUFASA);
    assert.equal(digest.authenticate({ method: "GET", ruri: "/dir/index.html" }, { ...EXAMPLE, algorithm }, CNONCE), true);
    const fields = new Set(digest.toString().replace("Digest ", "").split(", "));
    for (const field of [`algorithm=${algorithm}`, `response="${response}"`, `opaque="${EXAMPLE.opaque}"`, "qop=auth", "nc=00000001", `cnonce="${CNONCE}"`, 'username="Mufasa"']) {
      assert.ok(fields.has(field), `${field} in ${[...fields].join(" ")}`);
    }
    // JsSIP forgets the password and keeps what stands for it, to answer by either.
    const after = new DigestAuthentication({ username: "Mufasa", password: null, realm: digest.get("realm"), ha1: digest.get("ha1") });
    for (const [algorithm, response] of Object.entries(RESPONSES)) {
      assert.equal(after.authenticate({ method: "GET", ruri: "/dir/index.html" }, { ...EXAMPLE, algorithm }, CNONCE), true);
      assert.ok(after.toString().includes(`response="${response}"`));
    }
    assert.equal(after.authenticate({ method: "GET", ruri: "/" }, { ...EXAMPLE, algorithm, realm: "another" }), false);
  });
}

test("what cannot be answered is not", () => {
  const digest = new DigestAuthentication(MUFASA);
  for (const wrong of [{ algorithm: "SHA-512-256" }, { qop: ["auth-int"] }, { nonce: "" }]) {
    assert.equal(digest.authenticate({ method: "GET", ruri: "/" }, { ...EXAMPLE, ...wrong }), false, JSON.stringify(wrong));
  }
});

test("of several challenges the first is answered that is known", () => {
  const [md5, sha256, sha512] = ["MD5", "SHA-256", "SHA-512-256"].map((algorithm) => `Digest realm="x", algorithm=${algorithm}, nonce="n"`);
  assert.equal(firstKnown([sha256!, md5!]), sha256);
  assert.equal(firstKnown([md5!, sha256!]), md5);
  assert.equal(firstKnown([sha512!, "Basic realm=x", sha256!]), sha256);
  assert.equal(firstKnown(['Digest realm="x", nonce="n"', sha256!]), 'Digest realm="x", nonce="n"');
  assert.equal(firstKnown([sha512!]), undefined);
});
