// How the demo shows itself: headings, explanations, commands with their real output, and a check of each. Nothing is
// printed that was not run; a check that fails ends the demo with what was expected.

import { once } from 'node:events';

const colours = process.stdout.isTTY && !process.env.NO_COLOR;
/** @type {(code: number) => (text: string) => string} */
const style = code => text => (colours ? `\x1b[${code}m${text}\x1b[0m` : text);
const bold = style(1);
const green = style(32);
const cyan = style(36);

let step = '';

/**
 * Opens a step.
 * @param {string} title
 */
export function heading(title) {
  step = title;
  console.log(`\n${bold(title)}`);
}

/**
 * Explains what comes or what was seen.
 * @param {string} text
 */
export function say(text) {
  console.log(text);
}

/**
 * Prints a command as it is typed on a node.
 * @param {import('../../test/lab/node.mjs').Node} node
 * @param {string} command
 */
export function prompt(node, command) {
  console.log(cyan(`  ${node.name} $ ${command}`));
}

/**
 * @typedef {object} Expectation
 * @property {(string | RegExp)[]} [sees] each has to be in the output, in which blanks count as one
 * @property {(string | RegExp)[]} [lacks] none of them may be
 * @property {boolean} [fails] the command has to fail instead of to succeed
 * @property {number} [withinSeconds] ask again until the output is as expected, for so long; without it ask once
 * @property {string} [so] what the output shows, printed behind a check mark
 */

/**
 * Runs a command on a node, prints it with its output and compares that with what has to come.
 * @param {import('../../test/lab/node.mjs').Node} node
 * @param {string} command
 * @param {Expectation} expectation
 */
export async function show(node, command, expectation = {}) {
  prompt(node, command);
  const deadline = Date.now() + (expectation.withinSeconds ?? 0) * 1000;
  for (;;) {
    const { status, output } = await node.try(command);
    const difference = differenceBetween(output, status !== 0, expectation);
    if (difference === '' || Date.now() >= deadline) return report(node, command, output, difference, expectation);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}

/**
 * Starts a command on a node that goes on beside the others. Its output is printed at its end.
 * @param {import('../../test/lab/node.mjs').Node} node
 * @param {string} command
 */
export function record(node, command) {
  prompt(node, `${command} &`);
  const child = node.start(`exec ${command}`);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', text => {
      output += text;
    });
  }
  return {
    pid: child.pid,
    /**
     * Ends the command and compares its output with what had to come.
     * @param {NodeJS.Signals} signal
     * @param {Expectation} expectation
     */
    async show(signal, expectation) {
      const closed = once(child, 'close');
      child.kill(signal);
      await closed;
      console.log(cyan(`  ${node.name}   ${command} has shown:`));
      report(node, command, output, differenceBetween(output, false, expectation), expectation);
    },
  };
}

/**
 * Prints what was found right without a command of its own.
 * @param {string} fact
 */
export function confirm(fact) {
  console.log(green(`  ✓ ${fact}`));
}

/**
 * @param {import('../../test/lab/node.mjs').Node} node
 * @param {string} command
 * @param {string} output
 * @param {string} difference from what was expected; '' if none
 * @param {Expectation} expectation
 */
function report(node, command, output, difference, { withinSeconds, so }) {
  if (output.trim() !== '') console.log(output.trimEnd().replace(/^/gm, '    '));
  if (difference !== '') {
    const time = withinSeconds ? ` within ${withinSeconds} s` : '';
    throw new Error(`step "${step}": on ${node.name}, \`${command}\` ${difference}${time}`);
  }
  if (so) confirm(so);
}

/**
 * @param {string} output
 * @param {boolean} failed
 * @param {Expectation} expectation
 * @returns {string} what differs, in words; '' if nothing does
 */
function differenceBetween(output, failed, { sees = [], lacks = [], fails = false }) {
  const text = output.replace(/[ \t]+/g, ' ');
  /** @param {string | RegExp} pattern */
  const found = pattern => (typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text));
  const missing = sees.find(pattern => !found(pattern));
  if (missing !== undefined) return `does not show "${missing}"`;
  const surplus = lacks.find(found);
  if (surplus !== undefined) return `shows "${surplus}"`;
  if (failed !== fails) return fails ? 'succeeds, though it should not' : 'fails';
  return '';
}
