/**
 * One WebCodecs decoder over one track: frames in order from any keyframe on. It is fed a few packets ahead and
 * woken by the decoder's own events, so a decoder that keeps frames back for a while gets more packets, not a stall.
 */

/**
 * Packets in the decoder that it has not answered with a frame, while it still has some to work on: from a keyframe to
 * the next, so that a seek is fed in one go.
 */
const IN_FLIGHT = 24;

/**
 * Hardware decoders hand out a pool of about ten surfaces and stop when those are held; software frames are plain
 * memory, and clips of this size decode several times faster than they play.
 */
const PREFERENCES = /** @type {const} */ ({ hardwareAcceleration: "prefer-software", optimizeForLatency: true });

/** Chromium loses a colour space that is only partly given; these are the values it assumes elsewhere. */
const COLOUR = Object.freeze({ primaries: "bt709", matrix: "bt709", transfer: "bt709", fullRange: false });

export class TrackDecoder {
  #packets;
  /** @type {VideoDecoderConfig} */
  #config;
  /** @type {VideoDecoder | null} */
  #decoder = null;
  /** The packet to feed next. @type {import("mediabunny").EncodedPacket | null} */
  #packet = null;
  /** @type {VideoFrame[]} Decoded, not yet asked for. */
  #frames = [];
  #unanswered = 0;
  #flushed = false;
  /** @type {Error | null} */
  #error = null;
  /** Counts starts, so that what belongs to an earlier one is dropped. */
  #run = 0;
  /** @type {() => void} */
  #wake = () => {};

  /** @param {import("mediabunny").EncodedPacketSink} packets @param {VideoDecoderConfig} config */
  constructor(packets, config) {
    this.#packets = packets;
    this.#config = { ...config, ...PREFERENCES, colorSpace: { ...COLOUR, ...given(config.colorSpace) } };
  }

  /** @param {VideoDecoderConfig} config @returns {Promise<boolean>} */
  static async canDecode(config) {
    return (await VideoDecoder.isConfigSupported({ ...config, ...PREFERENCES })).supported === true;
  }

  /** Go on from a keyframe. @param {import("mediabunny").EncodedPacket} key with its data */
  start(key) {
    this.#run += 1;
    this.#drop();
    this.#packet = key;
    this.#unanswered = 0;
    this.#flushed = false;
    this.#error = null;
    if (!this.#decoder || this.#decoder.state === "closed") this.#decoder = this.#made();
    else this.#decoder.reset();
    this.#decoder.configure(this.#config);
  }

  /** @returns {Promise<VideoFrame | null>} the next frame, the caller's to close; null after the last @throws {Error} */
  async next() {
    for (;;) {
      if (this.#error) throw this.#error;
      const frame = this.#frames.shift();
      if (frame) return frame;
      if (this.#flushed) return null;
      const woken = new Promise((resolve) => {
        this.#wake = () => resolve(undefined);
      });
      await this.#feed();
      if (!this.#frames.length && !this.#error && !this.#flushed) await woken;
    }
  }

  close() {
    this.#run += 1;
    this.#drop();
    if (this.#decoder && this.#decoder.state !== "closed") this.#decoder.close();
    this.#decoder = null;
    this.#error = new Error("The decoder is closed.");
    this.#wake();
  }

  async #feed() {
    const run = this.#run;
    while (this.#packet && this.#hungry()) {
      const packet = this.#packet;
      this.#decoder?.decode(packet.toEncodedVideoChunk());
      this.#unanswered += 1;
      const following = await this.#packets.getNextPacket(packet);
      if (run !== this.#run) return;
      this.#packet = following;
      if (!following) void this.#flush(run);
    }
  }

  #hungry() {
    const waiting = this.#decoder?.decodeQueueSize ?? Infinity;
    return this.#unanswered < IN_FLIGHT || waiting === 0;
  }

  /** @param {number} run */
  async #flush(run) {
    try {
      await this.#decoder?.flush();
      if (run === this.#run) this.#flushed = true;
    } catch (error) {
      if (run === this.#run) this.#error = /** @type {Error} */ (error);
    }
    this.#wake();
  }

  #made() {
    const decoder = new VideoDecoder({
      output: (frame) => {
        this.#unanswered -= 1;
        this.#frames.push(frame);
        this.#wake();
      },
      error: (error) => {
        this.#error = error;
        this.#wake();
      },
    });
    decoder.addEventListener("dequeue", () => this.#wake());
    return decoder;
  }

  #drop() {
    for (const frame of this.#frames) frame.close();
    this.#frames = [];
  }
}

/** @param {VideoColorSpaceInit | undefined} space @returns {VideoColorSpaceInit} what it really says */
function given(space) {
  return Object.fromEntries(Object.entries(space ?? {}).filter(([, value]) => value !== null && value !== undefined));
}
