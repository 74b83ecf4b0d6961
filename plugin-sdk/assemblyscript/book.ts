// A price-level book that a strategy in AssemblyScript keeps of the messages that it hears.
//
// Takes in MBO and LEVEL messages of one instrument; gives out the levels of each side. The best level is the last of the
// array, so that the frequent changes near the best move few levels; `price(0)` and `size(0)` are the best. It is checked
// row by row against the SDK's own book by the host's tests.

import { BUY, CLEAR, LEVEL, Level, MBO, Mbo, Message, NO_PRICE, SELL, TRADED } from "./messages";

/** So many of the best levels are looked at one by one before a search. */
const NEAR: i32 = 8;

/** One side of a book. */
export class Side {
  /** Price and size of each level, one after the other, worst first. */
  private levels: StaticArray<i64> = new StaticArray<i64>(128);
  private _count: i32 = 0;

  constructor(private isBid: bool) {}

  get count(): i32 {
    return this._count;
  }

  /** The price at a place, counted from the best; NO_PRICE where there is none. */
  price(place: i32): i64 {
    return place < this._count ? this.levels[2 * (this._count - 1 - place)] : NO_PRICE;
  }

  /** What rests at a place, counted from the best; 0 where there is nothing. */
  size(place: i32): i64 {
    return place < this._count ? this.levels[2 * (this._count - 1 - place) + 1] : 0;
  }

  /** What rests at a price. */
  sizeAt(price: i64): i64 {
    const place = this.find(price);
    return this.isAt(place, price) ? this.levels[2 * place + 1] : 0;
  }

  clear(): void {
    this._count = 0;
  }

  /** Sets what rests at a price; zero or less removes the level. */
  set(price: i64, size: i64): void {
    const place = this.find(price);
    if (this.isAt(place, price)) {
      if (size > 0) {
        this.levels[2 * place + 1] = size;
      } else {
        this.move(place + 1, place);
        this._count--;
      }
    } else if (size > 0) {
      if (2 * this._count == this.levels.length) this.grow();
      this.move(place, place + 1);
      this.levels[2 * place] = price;
      this.levels[2 * place + 1] = size;
      this._count++;
    }
  }

  /** Appends the number of levels, then price and size of each, best first. */
  save(words: Array<i64>): void {
    words.push(this._count);
    for (let place = 0; place < this._count; place++) {
      words.push(this.price(place));
      words.push(this.size(place));
    }
  }

  /** Takes over what `save` appended, from a place on; gives the place behind it, or -1 where that is no side. */
  restore(words: Array<i64>, from: i32): i32 {
    this.clear();
    if (from < 0 || from >= words.length) return -1;
    const count = words[from];
    if (count < 0 || count > (words.length - from - 1) / 2) return -1;
    const end = from + 1 + 2 * <i32>count;
    for (let place = from + 1; place < end; place += 2) this.set(words[place], words[place + 1]);
    return this._count == <i32>count ? end : -1;
  }

  private isBetter(price: i64, than: i64): bool {
    return this.isBid ? price > than : price < than;
  }

  private isAt(place: i32, price: i64): bool {
    return place < this._count && this.levels[2 * place] == price;
  }

  /** The place in the array behind the last level that is worse than `price`. */
  private find(price: i64): i32 {
    let place = this._count;
    for (let near = 0; near < NEAR && place > 0; near++) {
      if (this.isBetter(price, this.levels[2 * (place - 1)])) return place;
      place--;
    }
    let first = 0;
    while (first < place) {
      const middle = first + ((place - first) >> 1);
      if (this.isBetter(price, this.levels[2 * middle])) first = middle + 1;
      else place = middle;
    }
    return first;
  }

  /** Moves the levels from a place on to another. */
  private move(from: i32, to: i32): void {
    const first = changetype<usize>(this.levels);
    memory.copy(first + 16 * to, first + 16 * from, 16 * (this._count - from));
  }

  private grow(): void {
    const wider = new StaticArray<i64>(2 * this.levels.length);
    memory.copy(changetype<usize>(wider), changetype<usize>(this.levels), 8 * this.levels.length);
    this.levels = wider;
  }
}

/** Both sides of one instrument. */
export class Book {
  readonly bids: Side = new Side(true);
  readonly asks: Side = new Side(false);

  /** Takes over what a message says of the book; other kinds change nothing. */
  hear(message: Message): void {
    if (message.kind == MBO) {
      const mbo = changetype<Mbo>(message);
      if (mbo.detail == CLEAR) this.clear();
      else if (mbo.detail != TRADED) this.change(mbo.side, mbo.price, mbo.levelSize);
    } else if (message.kind == LEVEL) {
      const level = changetype<Level>(message);
      if (level.side != BUY && level.side != SELL) this.clear();
      else this.change(level.side, level.price, level.size);
    }
  }

  clear(): void {
    this.bids.clear();
    this.asks.clear();
  }

  /** Appends both sides. */
  save(words: Array<i64>): void {
    this.bids.save(words);
    this.asks.save(words);
  }

  /** Takes over what `save` appended, from a place on; gives the place behind it, or -1 where that is no book. */
  restore(words: Array<i64>, from: i32): i32 {
    return this.asks.restore(words, this.bids.restore(words, from));
  }

  private change(side: u8, price: i64, size: i64): void {
    if (side == BUY) this.bids.set(price, size);
    else if (side == SELL) this.asks.set(price, size);
  }
}
