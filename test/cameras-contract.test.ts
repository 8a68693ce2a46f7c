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
