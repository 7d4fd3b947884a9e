// Why routes failed, each distinct sentence once: a hundred thousand routes may fail for the same reason.

const LIMIT = 0xffff;

/** Sentences by a small id that fits a Uint16Array; 0 is none. */
export class Reasons {
  private readonly texts = [''];
  private readonly ids = new Map<string, number>();

  idOf(text: string): number {
    let id = this.ids.get(text);
    if (id === undefined) {
      // Sentences come from a short list; should the kernel ever invent more, the last one serves for the rest.
      if (this.texts.length > LIMIT) return LIMIT;
      id = this.texts.length;
      this.ids.set(text, id);
      this.texts.push(text);
    }
    return id;
  }

  text(id: number): string {
    return this.texts[id];
  }
}
