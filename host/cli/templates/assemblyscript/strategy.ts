// template_name: buys below a moving average of the mid price and sells above it.
//
// Takes in the best bid and ask; gives out one resting order an instrument at most. Replace `decide` by an idea of yours.

import { Params, Strategy, cancel, cancelAll, last, limit, metric, use } from "./backplane/guest";
import {
  ALL_INSTRUMENTS,
  BBO,
  BUY,
  Bbo,
  CANCEL_REJECTED,
  DEFINITION,
  EXPIRED,
  FILL,
  Fill,
  Message,
  NO_PRICE,
  ORDER_CANCELED,
  ORDER_UPDATE,
  OrderUpdate,
  POST_ONLY,
  REJECTED,
  SELL,
  STOP,
} from "./backplane/messages";

export * from "./backplane/exports";

const DESCRIPTOR = `{"name":"template_name","version":"0.1.0","subscriptions":[{"schema":"bbo-price","symbols":[]}],"params":[
{"id":"length","kind":"integer","default":100,"min":2,"max":100000,"help":"changes of the best prices to average over"},
{"id":"distance","kind":"float","default":2.0,"min":0.0,"max":1000.0,"help":"how far from the average to quote, in basis points"},
{"id":"size","kind":"integer","default":1,"min":1,"max":1000000,"help":"quantity of an order, and the most to hold"}
],"metrics":["average"]}`;

/** What is kept of an instrument: five words of eight bytes, which are saved as they are. */
class Market {
  average: f64 = 0;
  knowsAverage: bool = false;
  position: i64 = 0;
  /** The open order; 0 where there is none. */
  orderId: u64 = 0;
  cancels: bool = false;
}

const MARKET_BYTES = 40;

class TemplateName extends Strategy {
  private weight: f64 = 0;
  private distance: f64 = 0;
  private size: i64 = 0;
  private markets: Array<Market> = [];

  describe(): string {
    return DESCRIPTOR;
  }

  create(params: Params): string | null {
    this.weight = 2.0 / (<f64>params.at(0).integer + 1.0);
    this.distance = params.at(1).number / 10000.0;
    this.size = params.at(2).integer;
    return null;
  }

  hear(message: Message): void {
    if (message.kind == STOP) cancelAll(ALL_INSTRUMENTS);
    if (message.kind == DEFINITION && <i32>message.instrument == this.markets.length) this.markets.push(new Market());
    // What is about no instrument has a number beyond all of them.
    if (message.instrument >= <u32>this.markets.length) return;
    const market = this.markets[message.instrument];
    if (message.kind == BBO) {
      this.decide(market, changetype<Bbo>(message));
    } else if (message.kind == FILL) {
      const fill = changetype<Fill>(message);
      market.position += fill.side == BUY ? fill.quantity : -fill.quantity;
      if (fill.orderId == market.orderId && fill.leaves == 0) this.ended(market);
    } else if (message.kind == ORDER_UPDATE) {
      const update = changetype<OrderUpdate>(message);
      if (update.orderId != market.orderId) return;
      const ends = update.detail == ORDER_CANCELED || update.detail == REJECTED || update.detail == EXPIRED;
      if (ends) this.ended(market);
      if (update.detail == CANCEL_REJECTED) market.cancels = false;
    }
  }

  private ended(market: Market): void {
    market.orderId = 0;
    market.cancels = false;
  }

  /** The best prices of an instrument changed. */
  private decide(market: Market, bbo: Bbo): void {
    if (bbo.bidPrice == NO_PRICE || bbo.askPrice == NO_PRICE) return;
    const mid = (<f64>bbo.bidPrice + <f64>bbo.askPrice) / 2.0;
    if (!market.knowsAverage) market.average = mid;
    market.knowsAverage = true;
    market.average += this.weight * (mid - market.average);
    metric(0, market.average / 1e9);
    if (market.orderId != 0) {
      if (!market.cancels) cancel(market.orderId);
      market.cancels = true;
      return;
    }
    const buys = mid < market.average * (1.0 - this.distance) && market.position < this.size;
    const sells = mid > market.average * (1.0 + this.distance) && market.position > -this.size;
    if (!buys && !sells) return;
    market.orderId = limit(bbo.instrument, buys ? BUY : SELL, buys ? bbo.bidPrice : bbo.askPrice, this.size);
    last().flags = POST_ONLY;
  }

  save(): ArrayBuffer {
    const bytes = new ArrayBuffer(this.markets.length * MARKET_BYTES);
    for (let place = 0; place < this.markets.length; place++) {
      const market = this.markets[place];
      const to = changetype<usize>(bytes) + place * MARKET_BYTES;
      store<f64>(to, market.average);
      store<u64>(to, market.knowsAverage ? 1 : 0, 8);
      store<i64>(to, market.position, 16);
      store<u64>(to, market.orderId, 24);
      store<u64>(to, market.cancels ? 1 : 0, 32);
    }
    return bytes;
  }

  load(version: u32, bytes: ArrayBuffer): string | null {
    if (version != 0 || bytes.byteLength % MARKET_BYTES != 0) return "it is a state of another version or size";
    const markets: Array<Market> = [];
    for (let place = 0; place < bytes.byteLength / MARKET_BYTES; place++) {
      const market = new Market();
      const from = changetype<usize>(bytes) + place * MARKET_BYTES;
      market.average = load<f64>(from);
      market.knowsAverage = load<u64>(from, 8) != 0;
      market.position = load<i64>(from, 16);
      market.orderId = load<u64>(from, 24);
      market.cancels = load<u64>(from, 32) != 0;
      markets.push(market);
    }
    this.markets = markets;
    return null;
  }
}

use(new TemplateName());
