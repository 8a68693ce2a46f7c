// AssemblyScript: what is exported here is in the WebAssembly module. All of it works on addresses; who calls it lays out
// the memory, and gives every buffer 64 bytes more than it holds, so that loops of whole vectors may run over its end.
// Each kernel has a plain twin beside this folder that gives the same bytes.
export { blurBytes } from "./blur";
export { blurShorts } from "./blur-shorts";
export { boxBytes } from "./box";
export { moveChannels } from "./channels";
export { applyCells, countTiles, packCells } from "./clahe";
export { applyShorts, countShorts, spreadShorts, spreadTiles } from "./clahe-shorts";
export { countBytes } from "./count";
export { demosaicBytes } from "./demosaic";
export { extremesOfFloats, extremesOfShorts } from "./extremes";
export { halveBytes } from "./halve";
export { lumaOfPixels, shiftPixels } from "./luma";
export { medianBytes3, medianBytes5, medianShorts3, medianShorts5 } from "./median";
export { medianByCounts } from "./median-counts";
export { mixPixels, weighPixels } from "./mix";
export { paintLevels } from "./paint";
export { resizeLinear, resizeNearest, resizeTaps } from "./resize";
export { scaleFloats, scaleShorts } from "./scale";
export { sharpenBytes } from "./sharpen";
export { shrinkBytes } from "./shrink";
export { bytesFrom, flipBits, lineOfBytes, lookUpPairs } from "./tones";
export { turnPixels } from "./turn";
export { warpBytes } from "./warp";
