/** weft completion: a script that lets a shell complete commands and options. It asks `weft` nothing, so it is fast. */
import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

type Word = { word: string; description: string };
/** `path`: the commands that lead there, without `weft`. */
type Place = { path: string[]; commands: Word[]; options: Word[] };

export function completionScript(shell: Shell, program: Command): string {
  const places = placesOf(program, []);
  if (shell === 'fish') return fishScript(places);
  return shell === 'zsh' ? zshScript(places) : bashScript(places);
}

function placesOf(command: Command, path: string[]): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).flatMap((each) => {
    const description = help.subcommandDescription(each);
    return [each.name(), ...each.aliases()].map((word) => ({ word, description }));
  });
  const options = [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)].flatMap((option) =>
    option.long === undefined || option.long === null ? [] : [{ word: option.long, description: option.description }],
  );
  const below = command.commands.flatMap((each) =>
    [each.name(), ...each.aliases()].flatMap((name) => placesOf(each, [...path, name])),
  );
  return [{ path, commands, options }, ...below];
}

function wordsOf({ commands, options }: Place): string {
  return [...commands, ...options].map(({ word }) => word).join(' ');
}

/** The commands typed so far name the place; what else stands between them is an argument or an option. */
function bashScript(places: readonly Place[]): string {
  const cases = places.map((place) => `    '${place.path.join(' ')}') words='${wordsOf(place)}' ;;`);
  return `# weft completion for bash: source <(weft completion bash)
_weft() {
  local place='' words='' word next
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${place:+$place }$word"
    case " $_weft_places " in *" \${next// /_} "*) place="$next" ;; esac
  done
  case "$place" in
${cases.join('\n')}
  esac
  COMPREPLY=()
  [[ \${COMP_WORDS[COMP_CWORD]} != -* && $COMP_CWORD -gt 1 ]] && COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
  COMPREPLY+=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
_weft_places='${places.flatMap(({ path }) => (path.length > 0 ? [path.join('_')] : [])).join(' ')}'
complete -o filenames -F _weft weft
`;
}

function zshScript(places: readonly Place[]): string {
  const cases = places.map(
    (place) =>
      `    '${place.path.join(' ')}') words=(${[...place.commands, ...place.options].map(zshWord).join(' ')}) ;;`,
  );
  return `#compdef weft
# weft completion for zsh: source <(weft completion zsh)
_weft() {
  local place='' next word
  local -a words_before=("\${(@)words[2,CURRENT-1]}")
  local -a known=(${places.map(({ path }) => `'${path.join(' ')}'`).join(' ')})
  for word in "\${words_before[@]}"; do
    next="\${place:+$place }$word"
    (( \${known[(Ie)$next]} )) && place="$next"
  done
  local -a words
  case "$place" in
${cases.join('\n')}
  esac
  _describe 'weft' words
  _files
}
compdef _weft weft
`;
}

function zshWord({ word, description }: Word): string {
  return quoted(`${word}:${description.replaceAll(':', '\\:')}`);
}

function fishScript(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, options }) => {
    const condition = quoted(`test (__weft_place) = "${path.join(' ')}"`);
    return [
      ...commands.map(
        ({ word, description }) => `complete -c weft -n ${condition} -a ${word} -d ${quoted(description)}`,
      ),
      ...options.map(
        ({ word, description }) => `complete -c weft -n ${condition} -l ${word.slice(2)} -d ${quoted(description)}`,
      ),
    ];
  });
  return `# weft completion for fish: weft completion fish | source
function __weft_place
  set -l place ''
  for word in (commandline -opc)[2..]
    set -l next (string trim -- "$place $word")
    contains -- "$next" $__weft_places; and set place "$next"
  end
  echo $place
end
set -g __weft_places ${places.flatMap(({ path }) => (path.length > 0 ? [quoted(path.join(' '))] : [])).join(' ')}
${lines.join('\n')}
`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
