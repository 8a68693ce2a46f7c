import { Argument, Command } from "commander";
import type { CliCommand, Context } from "./context.js";
import { exit } from "./exit.js";

const help = `
To have it in every new shell:
  bash   echo 'source <(marey completion bash)' >> ~/.bashrc
  zsh    echo 'source <(marey completion zsh)' >> ~/.zshrc
  fish   marey completion fish > ~/.config/fish/completions/marey.fish`;

/** What a script has to know of a command. Everything that is no option completes to files, as shells do anyway. */
interface Completable {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    /** With its dashes: "--hash". */
    readonly name: string;
    readonly summary: string;
    readonly takesValue: boolean;
    /** Empty for free text. */
    readonly choices: readonly string[];
  }[];
}

const scripts: { readonly [shell: string]: (list: readonly Completable[]) => string } = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

export const completion: CliCommand = {
  define(command, context, finish) {
    command
      .addArgument(new Argument("<shell>", "whose script").choices(Object.keys(scripts)))
      .addHelpText("after", help)
      .action(async (shell: string) => {
        await context.out.line(scripts[shell]!(await describeCommands(context)));
        finish(exit.ok);
      });
  },
};

/** Asks each command itself, so that the scripts never tell of other options than there are. */
async function describeCommands(context: Context): Promise<Completable[]> {
  return Promise.all(
    context.commands.map(async ({ name, summary, load }) => {
      const command = new Command(name);
      (await load()).define(command, context, () => {});
      const options = command.createHelp().visibleOptions(command);
      return {
        name,
        summary,
        options: options.map(({ long, short, description, required, argChoices }) => ({
          name: long ?? short!,
          summary: description,
          takesValue: required,
          choices: argChoices ?? [],
        })),
      };
    }),
  );
}

function bashScript(list: readonly Completable[]): string {
  const values = list.flatMap(({ name, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map((option) => `    "${name} ${option.name}") words="${option.choices.join(" ")}" ;;`),
  );
  const flags = list.map(
    ({ name, options }) => `      ${name}) words="${options.map((option) => option.name).join(" ")}" ;;`,
  );
  return `# marey completion for bash
_marey() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" words=""
  case "$command \${COMP_WORDS[COMP_CWORD - 1]}" in
${values.join("\n")}
    *)
      if [ "$COMP_CWORD" -eq 1 ]; then
        words="${list.map(({ name }) => name).join(" ")} help"
      elif [[ "$current" == -* ]]; then
        case "$command" in
${flags.map((line) => `    ${line}`).join("\n")}
        esac
      fi
      ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o bashdefault -o default -F _marey marey`;
}

function zshScript(list: readonly Completable[]): string {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const plain = (text: string): string => text.replace(/[[\]:]/g, "\\$&");
  const names = list.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = list.map(({ name, options }) => {
    const specs = options.map((option) => {
      const value = option.choices.length > 0 ? `:value:(${option.choices.join(" ")})` : ":value:_files";
      return quote(`${option.name}[${plain(option.summary)}]${option.takesValue ? value : ""}`);
    });
    return `    ${name}) _arguments ${[...specs, "'*:file:_files'"].join(" ")} ;;`;
  });
  return `#compdef marey
_marey() {
  local -a commands
  commands=(
${names.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join("\n")}
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _marey marey`;
}

function fishScript(list: readonly Completable[]): string {
  const quote = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = list.flatMap(({ name, summary, options }) => [
    `complete -c marey -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
    ...options.map((option) => {
      const value = option.choices.length > 0 ? ` -x -a ${quote(option.choices.join(" "))}` : " -r";
      const long = option.name.replace(/^-+/, "");
      const when = quote(`__fish_seen_subcommand_from ${name}`);
      return `complete -c marey -n ${when} -l ${long}${option.takesValue ? value : ""} -d ${quote(option.summary)}`;
    }),
  ]);
  return ["# marey completion for fish", ...lines].join("\n");
}
