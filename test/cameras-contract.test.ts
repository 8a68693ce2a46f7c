import { test } from "vitest";
import { device } from "../src/cameras/device.js";
import { synthetic } from "../src/cameras/synthetic.js";
import { testCamera } from "./contracts/camera.js";

testCamera({
  driver: synthetic,
  address: "64x48@200",
  frames: 60,
  nonsense: "wide",
  advice: /WIDTHxHEIGHT@RATE/,
  silent: { address: "64x48@200,stall=0.05+60", options: { timeout: 0.2 } },
});

testCamera({
  driver: synthetic,
  address: "64x48@400,drop=0.2,jitter=0.004,drift=40",
  options: { dtype: "uint16", color: "bayer-gb" },
  frames: 60,
  nonsense: "64x48@50,drop=1",
  advice: /below 1/,
});

// Cameras that are there: MAREY_CAMERA=0 npx vitest run test/cameras-contract.test.ts
const real = process.env.MAREY_CAMERA;
if (real !== undefined) {
  testCamera({
    driver: device,
    address: real,
    options: { width: 320, height: 180, rate: 25, timeout: 20 },
    frames: 20,
    nonsense: "no-such-camera",
    advice: /there is/,
  });
} else {
  test.skip("a device is as all cameras are (not run: no camera is named by MAREY_CAMERA; see npm run cameras)", () => {});
}
