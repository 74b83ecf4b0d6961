// A module in AssemblyScript that says what it sees of books kept with book.ts: as metrics, every level of the book of the
// instrument of the message. Takes in messages; gives out two metrics a level: series 0 or 1 (bids, asks), the price and
// then the size as the bits of the value.

import { Book, Side } from "../../../plugin-sdk/assemblyscript/book";
import { Params, Strategy, last, metric, use } from "../../../plugin-sdk/assemblyscript/guest";
import { DEFINITION, LEVEL, MBO, Message, NO_PRICE, STOP } from "../../../plugin-sdk/assemblyscript/messages";

export * from "../../../plugin-sdk/assemblyscript/exports";

class Echo extends Strategy {
  private books: Array<Book> = [];

  describe(): string {
    return `{"name":"echo_as","version":"1.0.0","subscriptions":[{"schema":"mbo","symbols":[]}],"params":[],"metrics":["bids","asks"]}`;
  }

  create(params: Params): string | null {
    return params.count == 0 ? null : "it has no parameters";
  }

  hear(message: Message): void {
    if (message.kind == STOP) throw new Error("the run is over");
    if (message.kind == DEFINITION && message.detail == 0) this.books.push(new Book());
    if (message.kind != MBO && message.kind != LEVEL) return;
    const book = this.books[message.instrument];
    book.hear(message);
    tell(0, book.bids);
    tell(1, book.asks);
  }
}

function tell(series: u64, side: Side): void {
  for (let place = 0; place < side.count; place++) {
    number(series, side.price(place));
    number(series, side.size(place));
    if (side.sizeAt(side.price(place)) != side.size(place)) number(series, NO_PRICE);
  }
}

function number(series: u64, value: i64): void {
  metric(series, 0);
  last().price = value;
}

use(new Echo());
