// How long a report takes: only time in which the page is seen and used counts.

const IDLE = 60000;

export class Clock {
  #spent = 0;
  #last = performance.now();

  constructor() {
    for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchmove", "scroll"]) {
      addEventListener(kind, () => this.#tick(), {passive: true, capture: true});
    }
    document.addEventListener("visibilitychange", () => this.#tick());
  }

  #tick() {
    const now = performance.now();
    if (!document.hidden) this.#spent += Math.min(now - this.#last, IDLE);
    this.#last = now;
  }

  /** Seconds since this was last asked. */
  take() {
    this.#tick();
    const seconds = this.#spent / 1000;
    this.#spent = 0;
    return Math.round(seconds * 1000) / 1000;
  }
}
