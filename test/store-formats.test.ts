import { builtInFormats } from "../src/index.js";
import { testChunkFormat } from "./contracts/chunk-format.js";

for (const format of builtInFormats) testChunkFormat(format, builtInFormats);
