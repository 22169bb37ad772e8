/**
 * What the file itself says of a clip: exact rate, number of frames, size. Read by Mediabunny's demuxer, which needs
 * no WebCodecs, so both ways of decoding count frames alike.
 */
import { ALL_FORMATS, BufferSource, EncodedPacketSink, Input } from "../vendor/mediabunny/mediabunny.min.mjs";

/**
 * @typedef {import("./clock.js").Rate} Rate
 * @typedef {object} Facts
 * @property {Rate} rate
 * @property {number} frames
 * @property {number} start  timestamp of the first frame, seconds
 * @property {number} width  as displayed
 * @property {number} height
 *
 * @typedef {object} Opened
 * @property {Input} input
 * @property {import("mediabunny").InputVideoTrack} track
 * @property {EncodedPacketSink} packets
 * @property {Facts} facts
 */

/** A clip that this browser cannot show; the message is a sentence for the annotator. */
export class ClipError extends Error {}

/**
 * @param {Blob} blob @returns {Promise<Opened>} the caller disposes `input`
 * @throws {ClipError} when it is no video of constant rate
 */
export async function openClip(blob) {
  // In this process's memory: a read of a Blob is a message to another process, and a seek reads two dozen packets.
  const input = new Input({ formats: ALL_FORMATS, source: new BufferSource(await blob.arrayBuffer()) });
  try {
    const track = await input.getPrimaryVideoTrack();
    if (!track) throw new ClipError("This clip has no picture.");
    const packets = new EncodedPacketSink(track);
    return { input, track, packets, facts: await readFacts(track, packets) };
  } catch (error) {
    input.dispose();
    throw error instanceof ClipError ? error : new ClipError("This clip cannot be read.", { cause: error });
  }
}

/**
 * The copies that are played have a constant rate, so the first frame's length and the last frame's time say all.
 * @param {import("mediabunny").InputVideoTrack} track @param {EncodedPacketSink} packets @returns {Promise<Facts>}
 */
async function readFacts(track, packets) {
  const metadataOnly = { metadataOnly: true };
  const first = await packets.getFirstPacket(metadataOnly);
  const last = await packets.getPacket(Infinity, metadataOnly);
  if (!first || !last) throw new ClipError("This clip has no frames.");
  const resolution = await track.getTimeResolution();
  const rate = { num: resolution, den: Math.round(first.duration * resolution) };
  if (!(rate.den > 0)) throw new ClipError("This clip does not say how long a frame lasts.");
  const frames = Math.round(((last.timestamp - first.timestamp) * rate.num) / rate.den) + 1;
  return {
    rate,
    frames,
    start: first.timestamp,
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
  };
}
