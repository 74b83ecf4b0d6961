// A breakout of the Donchian channel (R. Donchian; the entry and exit rules of the "Turtles", see C. Faith, "Way of the
// Turtle", 2007): buys when a bar closes above the highest high of the last `entry` bars, sells when it closes below the
// lowest low; leaves when it closes beyond the channel of the last `exit` bars against it.
//
// Takes in one-second bars and changes of price levels; gives out limit orders, immediate or cancel, at the price down to
// which its own book holds enough. One order is open at a time for each instrument.

import { Book, Side } from "../../plugin-sdk/assemblyscript/book";
import { Params, Strategy, last, limit, metric, use } from "../../plugin-sdk/assemblyscript/guest";
import {
  BAR,
  BUY,
  Bar,
  DEFINITION,
  EXPIRED,
  FILL,
  Fill,
  IOC,
  LEVEL,
  Message,
  NO_PRICE,
  ORDER_CANCELED,
  ORDER_UPDATE,
  OrderUpdate,
  REJECTED,
  SELL,
} from "../../plugin-sdk/assemblyscript/messages";

export * from "../../plugin-sdk/assemblyscript/exports";

const DESCRIPTOR = `{"name":"breakout","version":"1.0.0","subscriptions":[
{"schema":"ohlcv-1s","symbols":[]},{"schema":"mbp","symbols":[]}],"params":[
{"id":"entry","kind":"integer","default":120,"min":2,"max":100000,"help":"bars of the channel to enter on"},
{"id":"exit","kind":"integer","default":60,"min":1,"max":100000,"help":"bars of the channel to leave on"},
{"id":"size","kind":"integer","default":1,"min":1,"max":1000000,"help":"position to hold, in quantity units"}
],"metrics":["position"]}`;

/** The highs and lows of the last bars, as a ring. */
class Channel {
  private highs: StaticArray<i64>;
  private lows: StaticArray<i64>;
  count: i32 = 0;

  constructor(private bars: i32) {
    this.highs = new StaticArray<i64>(bars);
    this.lows = new StaticArray<i64>(bars);
  }

  add(high: i64, low: i64): void {
    const place = this.count++ % this.bars;
    this.highs[place] = high;
    this.lows[place] = low;
  }

  /** The highest high of the last bars; there must be so many. */
  highest(bars: i32): i64 {
    let highest = i64.MIN_VALUE;
    for (let back = 1; back <= bars; back++) highest = max(highest, this.highs[(this.count - back) % this.bars]);
    return highest;
  }

  /** The lowest low of the last bars; there must be so many. */
  lowest(bars: i32): i64 {
    let lowest = i64.MAX_VALUE;
    for (let back = 1; back <= bars; back++) lowest = min(lowest, this.lows[(this.count - back) % this.bars]);
    return lowest;
  }

  /** Appends the number of bars that there were, then high and low of each that is kept. */
  save(words: Array<i64>): void {
    words.push(this.count);
    for (let place = 0; place < min(this.count, this.bars); place++) {
      words.push(this.highs[place]);
      words.push(this.lows[place]);
    }
  }

  /** Takes over what `save` appended, from a place on; gives the place behind it, or -1 where that is no channel. */
  restore(words: Array<i64>, from: i32): i32 {
    if (from >= words.length) return -1;
    const count = words[from];
    if (count < 0 || count > i32.MAX_VALUE) return -1;
    const kept = min(<i32>count, this.bars);
    const end = from + 1 + 2 * kept;
    if (end > words.length) return -1;
    this.count = <i32>count;
    for (let place = 0; place < kept; place++) {
      this.highs[place] = words[from + 1 + 2 * place];
      this.lows[place] = words[from + 2 + 2 * place];
    }
    return end;
  }
}

/** What is kept of an instrument. */
class Market {
  book: Book = new Book();
  channel: Channel;
  position: i64 = 0;
  /** The open order; 0 where there is none. */
  orderId: u64 = 0;

  constructor(bars: i32) {
    this.channel = new Channel(bars);
  }

  save(words: Array<i64>): void {
    words.push(this.position);
    words.push(<i64>this.orderId);
    this.channel.save(words);
    this.book.save(words);
  }

  /** Takes over what `save` appended, from a place on; gives the place behind it, or -1 where that is no market. */
  restore(words: Array<i64>, from: i32): i32 {
    if (from + 2 > words.length) return -1;
    this.position = words[from];
    this.orderId = <u64>words[from + 1];
    const book = this.channel.restore(words, from + 2);
    return book < 0 ? -1 : this.book.restore(words, book);
  }
}

class Breakout extends Strategy {
  private entry: i32 = 0;
  private exit: i32 = 0;
  private size: i64 = 0;
  private markets: Array<Market> = [];

  describe(): string {
    return DESCRIPTOR;
  }

  create(params: Params): string | null {
    this.entry = <i32>params.at(0).integer;
    this.exit = <i32>params.at(1).integer;
    this.size = params.at(2).integer;
    return this.exit > this.entry ? "the channel to leave on is longer than the one to enter on" : null;
  }

  hear(message: Message): void {
    if (message.kind == DEFINITION) {
      if (<i32>message.instrument == this.markets.length) this.markets.push(new Market(this.entry));
      return;
    }
    // Some kinds have no instrument, and its number is then higher than all.
    if (message.instrument >= <u32>this.markets.length) return;
    const market = this.markets[message.instrument];
    if (message.kind == LEVEL) {
      market.book.hear(message);
    } else if (message.kind == BAR) {
      this.hearBar(market, changetype<Bar>(message));
    } else if (message.kind == FILL) {
      const fill = changetype<Fill>(message);
      market.position += fill.side == BUY ? fill.quantity : -fill.quantity;
      if (fill.orderId == market.orderId && fill.leaves == 0) market.orderId = 0;
    } else if (message.kind == ORDER_UPDATE) {
      const update = changetype<OrderUpdate>(message);
      const ends = update.detail == ORDER_CANCELED || update.detail == REJECTED || update.detail == EXPIRED;
      if (ends && update.orderId == market.orderId) market.orderId = 0;
    }
  }

  private hearBar(market: Market, bar: Bar): void {
    const channel = market.channel;
    if (channel.count >= this.entry) {
      const target = this.target(market, bar.close);
      metric(0, <f64>market.position);
      if (target != market.position && market.orderId == 0) this.trade(market, bar.instrument, target - market.position);
    }
    channel.add(bar.high, bar.low);
  }

  /** The position that is wanted after a close. */
  private target(market: Market, close: i64): i64 {
    const channel = market.channel;
    if (close > channel.highest(this.entry)) return this.size;
    if (close < channel.lowest(this.entry)) return -this.size;
    if (market.position > 0 && close < channel.lowest(this.exit)) return 0;
    if (market.position < 0 && close > channel.highest(this.exit)) return 0;
    return market.position;
  }

  private trade(market: Market, instrument: u32, change: i64): void {
    const buys = change > 0;
    const quantity = buys ? change : -change;
    const price = worst(buys ? market.book.asks : market.book.bids, quantity);
    if (price == NO_PRICE) return;
    market.orderId = limit(instrument, buys ? BUY : SELL, price, quantity);
    last().timeInForce = IOC;
  }

  save(): ArrayBuffer {
    const words: Array<i64> = [];
    for (let place = 0; place < this.markets.length; place++) this.markets[place].save(words);
    const bytes = new ArrayBuffer(8 * words.length);
    for (let place = 0; place < words.length; place++) store<i64>(changetype<usize>(bytes) + 8 * place, words[place]);
    return bytes;
  }

  load(version: u32, bytes: ArrayBuffer): string | null {
    if (version != 0 || bytes.byteLength % 8 != 0) return "it is a state of another version or size";
    const words: Array<i64> = [];
    for (let at = 0; at < bytes.byteLength; at += 8) words.push(load<i64>(changetype<usize>(bytes) + at));
    const markets: Array<Market> = [];
    let end = 0;
    while (end >= 0 && end < words.length) {
      const market = new Market(this.entry);
      end = market.restore(words, end);
      markets.push(market);
    }
    if (end < 0) return "it is no state of this strategy";
    this.markets = markets;
    return null;
  }
}

/** The price down to which a side holds a quantity; its worst where it holds less, NO_PRICE where it is empty. */
function worst(side: Side, quantity: i64): i64 {
  let price = NO_PRICE;
  let found: i64 = 0;
  for (let place = 0; place < side.count && found < quantity; place++) {
    price = side.price(place);
    found += side.size(place);
  }
  return price;
}

use(new Breakout());
