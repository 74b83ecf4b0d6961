/* A price-level book that a strategy in C keeps of the messages that it hears.
 *
 * Takes in BP_MBO and BP_LEVEL messages of one instrument; gives out the levels of each side. The best level is the last
 * of the array, so that the frequent changes near the best move few levels; `bp_side_level` counts from the best. It is
 * checked row by row against the SDK's own book by the host's tests.
 *
 * The author says where room comes from, before including it:
 *
 *     #define BP_ROOM(bytes) malloc(bytes)        (the default in native plugins is none)
 *
 * guest.h's guest_room serves modules. Old room is not given back: a side that doubles leaves as much behind as it has.
 */
#ifndef BACKPLANE_BOOK_H
#define BACKPLANE_BOOK_H

#include "backplane.h"

#ifndef BP_ROOM
#ifdef BACKPLANE_GUEST_H
#define BP_ROOM(bytes) guest_room(bytes)
#else
#error "say where books get their room: #define BP_ROOM(bytes) malloc(bytes)"
#endif
#endif

/* One side; zeros are an empty one, once `sign` is set. */
typedef struct {
    bp_level *levels;
    uint32_t count, room;
    /* 1 for bids, -1 for asks: which of two prices is better. */
    int64_t sign;
} bp_side;

typedef struct { bp_side bids, asks; } bp_book;

static inline void bp_book_begin(bp_book *book) {
    bp_book empty = {{NULL, 0, 0, 1}, {NULL, 0, 0, -1}};
    *book = empty;
}

/* The level at a place, counted from the best; NULL where there is none. */
static inline const bp_level *bp_side_level(const bp_side *side, uint32_t place) {
    return place < side->count ? &side->levels[side->count - 1 - place] : NULL;
}

static inline const bp_level *bp_best_bid(const bp_book *book) { return bp_side_level(&book->bids, 0); }
static inline const bp_level *bp_best_ask(const bp_book *book) { return bp_side_level(&book->asks, 0); }

static inline int bp_is_better(const bp_side *side, int64_t price, int64_t than) {
    return side->sign > 0 ? price > than : price < than;
}

/* The place in the array behind the last level that is worse than `price`. */
static inline uint32_t bp_side_find(const bp_side *side, int64_t price) {
    uint32_t place = side->count;
    /* Most of what is asked for is near the best. */
    for (uint32_t near = 0; near < 8 && place > 0; near++) {
        if (bp_is_better(side, price, side->levels[place - 1].price)) return place;
        place--;
    }
    uint32_t first = 0;
    while (first < place) {
        uint32_t middle = first + (place - first) / 2;
        if (bp_is_better(side, price, side->levels[middle].price)) first = middle + 1;
        else place = middle;
    }
    return first;
}

/* What rests at a price. */
static inline int64_t bp_size_at(const bp_side *side, int64_t price) {
    uint32_t place = bp_side_find(side, price);
    return place < side->count && side->levels[place].price == price ? side->levels[place].size : 0;
}

/* Sets what rests at a price; zero or less removes the level. Gives 0 where there is no room. */
static inline int bp_side_set(bp_side *side, int64_t price, int64_t size) {
    uint32_t place = bp_side_find(side, price);
    int is_there = place < side->count && side->levels[place].price == price;
    if (is_there && size > 0) {
        side->levels[place].size = size;
    } else if (is_there) {
        side->count--;
        for (uint32_t i = place; i < side->count; i++) side->levels[i] = side->levels[i + 1];
    } else if (size > 0) {
        if (side->count == side->room) {
            uint32_t room = side->room ? side->room * 2 : 64;
            bp_level *levels = (bp_level *)BP_ROOM(room * sizeof(bp_level));
            if (levels == NULL) return 0;
            for (uint32_t i = 0; i < side->count; i++) levels[i] = side->levels[i];
            side->levels = levels;
            side->room = room;
        }
        for (uint32_t i = side->count; i > place; i--) side->levels[i] = side->levels[i - 1];
        side->levels[place].price = price;
        side->levels[place].size = size;
        side->count++;
    }
    return 1;
}

/* Takes over what a message says of the book; other kinds change nothing. Gives 0 where there is no room. */
static inline int bp_book_hear(bp_book *book, const bp_message *message) {
    bp_side *side = message->side == BP_BUY ? &book->bids : &book->asks;
    int has_side = message->side == BP_BUY || message->side == BP_SELL;
    if (message->kind == BP_MBO) {
        if (message->detail == BP_CLEAR) book->bids.count = book->asks.count = 0;
        else if (message->detail != BP_TRADED && has_side)
            return bp_side_set(side, message->as.mbo.price, message->as.mbo.level_size);
    } else if (message->kind == BP_LEVEL) {
        if (!has_side) book->bids.count = book->asks.count = 0;
        else return bp_side_set(side, message->as.level.price, message->as.level.size);
    }
    return 1;
}

#endif
