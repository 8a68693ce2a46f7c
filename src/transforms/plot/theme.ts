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

/** One of 256 levels of a colour map, as a colour. */
export function levelColor(map: Uint8Array, level: number): string {
  const [red, green, blue] = map.subarray(level * 3, level * 3 + 3);
  return `#${((red! << 16) | (green! << 8) | blue!).toString(16).padStart(6, "0")}`;
}
