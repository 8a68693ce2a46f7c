/** Colours of a chart. */
export interface Theme {
  readonly background: string;
  readonly ink: string;
  readonly grid: string;
  readonly gridOpacity: number;
  readonly cursor: string;
  /** Behind the legend. */
  readonly panel: string;
  readonly series: readonly string[];
}

export const themeNames = ["light", "dark", "transparent"] as const;
export type ThemeName = (typeof themeNames)[number];

/**
 * Colours that people with any kind of colour vision tell apart: Okabe and Ito, "Color Universal Design" (2008), the dark
 * ones first on a light ground.
 */
const onLight = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#000000"];
const onDark = ["#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#0072b2", "#ffffff"];

const light: Theme = {
  ...{ background: "#ffffff", ink: "#222222", grid: "#000000", gridOpacity: 0.12 },
  ...{ cursor: "#d00000", panel: "#ffffff", series: onLight },
};

export const themes: Readonly<Record<ThemeName, Theme>> = {
  light,
  dark: {
    ...{ background: "#16181c", ink: "#e6e6e6", grid: "#ffffff", gridOpacity: 0.14 },
    ...{ cursor: "#ff5050", panel: "#16181c", series: onDark },
  },
  // Made to be laid over pictures, most of which are dark.
  transparent: {
    ...{ background: "transparent", ink: "#ffffff", grid: "#ffffff", gridOpacity: 0.2 },
    ...{ cursor: "#ff5050", panel: "#00000080", series: onDark },
  },
};

/**
 * Matplotlib's viridis (Smith and van der Walt, 2015, CC0) at 17 even steps, linear between: red, green, blue.
 */
const viridis = [
  ...[0x440154, 0x481a6c, 0x472f7d, 0x414487, 0x39568c, 0x31688e, 0x2a788e, 0x23888e, 0x1f988b],
  ...[0x22a884, 0x35b779, 0x54c568, 0x7ad151, 0xa5db36, 0xd2e21b, 0xece51b, 0xfde725],
];

/** @param share 0 – 1. @returns red, green, blue. */
export function heatColor(share: number): readonly [number, number, number] {
  const at = Math.min(1, Math.max(0, share)) * (viridis.length - 1);
  const step = Math.min(viridis.length - 2, Math.floor(at));
  const [low, high, rest] = [viridis[step]!, viridis[step + 1]!, at - step];
  const part = (shift: number): number => {
    const [a, b] = [(low >> shift) & 255, (high >> shift) & 255];
    return Math.round(a + (b - a) * rest);
  };
  return [part(16), part(8), part(0)];
}
