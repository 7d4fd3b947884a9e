// Text that arrives in pieces, cut into lines: answers of the API, standard input of the CLI.

/** The lines of a stream of text, without their ends; a last one without an end counts. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
