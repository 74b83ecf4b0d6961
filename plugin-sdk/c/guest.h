/* A strategy in C as a WebAssembly module: the exports that docs/wasm.md asks for.
 *
 * Takes in the host's calls; gives out calls of the five functions that the author writes (below), and what these asked
 * for. Include it in one source file. Needs no C library:
 *
 *     zig cc -target wasm32-freestanding -O2 -nostdlib -Wl,--no-entry -o NAME.wasm NAME.c
 */
#ifndef BACKPLANE_GUEST_H
#define BACKPLANE_GUEST_H

#include "backplane.h"

/* What the author writes. */

/* The descriptor: JSON, see docs/abi.md. */
static const char *guest_describe(void);
/* Takes over the parameters; gives NULL, or why they make no sense together. */
static const char *guest_create(const bp_param *params, uint32_t count);
/* Hears one message. */
static void guest_hear(const bp_message *message);
/* Where the strategy's state is, its size, and the version of its layout. What it points to is saved as it is. */
static void *guest_state(uint32_t *bytes, uint32_t *version);

/* What the author may call. */

#define GUEST_MAY_REST __attribute__((unused))

/* Asks for something. */
GUEST_MAY_REST static void guest_send(bp_command command);
/* Writes a line to the run's log, at one of the levels from BP_ERROR to BP_DEBUG. */
GUEST_MAY_REST static void guest_log(uint32_t level, const char *text);
/* Ends the strategy for a reason. */
GUEST_MAY_REST _Noreturn static void guest_fault(const char *file_and_line, const char *reason);
/* Room that is never given back; NULL where there is no more. Its bytes are zero. */
GUEST_MAY_REST static void *guest_room(uint32_t bytes);

#define GUEST_TEXT(x) #x
#define GUEST_LINE(x) GUEST_TEXT(x)
#define GUEST_FAULT(reason) guest_fault(__FILE__ ":" GUEST_LINE(__LINE__), reason)

/* From here on: how it is done. */

#define GUEST_EXPORT(name) __attribute__((export_name(name), used))

__attribute__((import_module("backplane"), import_name("log"))) void backplane_log(uint32_t level, const char *text, uint32_t len);

extern uint8_t __heap_base;

#define GUEST_PAGE 65536u

static uint32_t guest_free;
static bp_message guest_messages[BP_BATCH_MAX];
static bp_param guest_params[256];
static uint32_t guest_param_count;
static bp_command *guest_commands;
static uint32_t guest_command_count, guest_command_room;
static const uint8_t *guest_text;
static uint8_t *guest_buffer;
static uint32_t guest_buffer_room, guest_buffer_len;
/* Whether the message that is being heard made the strategy ask for anything but a metric, or log a line; which message
   it is. */
static uint32_t guest_asked, guest_place;

/* Compilers make calls of these of their own accord, and would make the functions call themselves. */
#define GUEST_PLAIN(name) __attribute__((no_builtin(name)))
GUEST_PLAIN("memcpy") void *memcpy(void *to, const void *from, size_t len) {
    uint8_t *t = (uint8_t *)to;
    const uint8_t *f = (const uint8_t *)from;
    for (size_t i = 0; i < len; i++) t[i] = f[i];
    return to;
}
GUEST_PLAIN("memset") void *memset(void *to, int value, size_t len) {
    uint8_t *t = (uint8_t *)to;
    for (size_t i = 0; i < len; i++) t[i] = (uint8_t)value;
    return to;
}
GUEST_PLAIN("memmove") void *memmove(void *to, const void *from, size_t len) {
    uint8_t *t = (uint8_t *)to;
    const uint8_t *f = (const uint8_t *)from;
    if (t < f) {
        for (size_t i = 0; i < len; i++) t[i] = f[i];
    } else {
        for (size_t i = len; i > 0; i--) t[i - 1] = f[i - 1];
    }
    return to;
}

static uint32_t guest_length(const char *text) {
    uint32_t len = 0;
    while (text[len]) len++;
    return len;
}

static void *guest_room(uint32_t bytes) {
    if (guest_free == 0) guest_free = ((uint32_t)(uintptr_t)&__heap_base + 15u) & ~15u;
    uint64_t end = (uint64_t)guest_free + ((bytes + 15u) & ~15u);
    uint64_t have = (uint64_t)__builtin_wasm_memory_size(0) * GUEST_PAGE;
    if (end > UINT32_MAX) return NULL;
    if (end > have) {
        uint32_t pages = (uint32_t)((end - have + GUEST_PAGE - 1) / GUEST_PAGE);
        if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
    }
    void *room = (void *)(uintptr_t)guest_free;
    guest_free = (uint32_t)end;
    return room;
}

static void guest_log(uint32_t level, const char *text) {
    guest_asked = 1;
    backplane_log(level, text, guest_length(text));
}

_Noreturn static void guest_fault(const char *file_and_line, const char *reason) {
    uint32_t place = guest_length(file_and_line), words = guest_length(reason);
    char *text = (char *)guest_room(place + 1 + words);
    if (text != NULL) {
        memcpy(text, file_and_line, place);
        text[place] = '\n';
        memcpy(text + place + 1, reason, words);
        backplane_log(BP_LAST_WORDS, text, place + 1 + words);
    }
    __builtin_trap();
}

static void guest_send(bp_command command) {
    if (guest_command_count == guest_command_room) {
        uint32_t room = guest_command_room ? guest_command_room * 2 : 64;
        bp_command *commands = (bp_command *)guest_room(room * (uint32_t)sizeof *commands);
        if (commands == NULL) GUEST_FAULT("there is no room for another command");
        memcpy(commands, guest_commands, guest_command_count * sizeof *commands);
        guest_commands = commands;
        guest_command_room = room;
    }
    if (command.kind == BP_METRIC) command.quantity = guest_place;
    else guest_asked = 1;
    guest_commands[guest_command_count++] = command;
}

static uint32_t guest_give(const char *text) {
    if (text == NULL) return 0;
    guest_text = (const uint8_t *)text;
    return guest_length(text);
}

GUEST_EXPORT("backplane_abi_version") uint32_t backplane_abi_version(void) { return BP_ABI_VERSION; }

GUEST_EXPORT("backplane_message_buffer") bp_message *backplane_message_buffer(uint32_t count) {
    return count > BP_BATCH_MAX ? NULL : guest_messages;
}

GUEST_EXPORT("backplane_param_buffer") bp_param *backplane_param_buffer(uint32_t count) {
    if (count > sizeof guest_params / sizeof *guest_params) return NULL;
    guest_param_count = count;
    return guest_params;
}

GUEST_EXPORT("backplane_text_buffer") uint8_t *backplane_text_buffer(uint32_t len) {
    if (len > BP_STATE_BYTES_MAX) return NULL;
    guest_buffer_len = len;
    if (len > guest_buffer_room || guest_buffer == NULL) {
        guest_buffer = (uint8_t *)guest_room(len ? len : 1);
        guest_buffer_room = len;
    }
    return guest_buffer;
}

GUEST_EXPORT("backplane_command_buffer") const bp_command *backplane_command_buffer(void) { return guest_commands; }
GUEST_EXPORT("backplane_text") const uint8_t *backplane_text(void) { return guest_text; }
GUEST_EXPORT("backplane_describe") uint32_t backplane_describe(void) { return guest_give(guest_describe()); }
GUEST_EXPORT("backplane_create") uint32_t backplane_create(void) {
    return guest_give(guest_create(guest_params, guest_param_count));
}

GUEST_EXPORT("backplane_on_events") uint64_t backplane_on_events(uint32_t count) {
    uint32_t heard = 0;
    guest_command_count = 0;
    guest_asked = 0;
    while (heard < count && !guest_asked) {
        guest_place = heard;
        guest_hear(&guest_messages[heard++]);
    }
    return (uint64_t)heard << 32 | guest_command_count;
}

GUEST_EXPORT("backplane_save") uint64_t backplane_save(void) {
    uint32_t bytes = 0, version = 0;
    guest_text = (const uint8_t *)guest_state(&bytes, &version);
    return (uint64_t)version << 32 | bytes;
}

GUEST_EXPORT("backplane_load") uint32_t backplane_load(uint32_t version) {
    uint32_t bytes = 0, own = 0;
    void *state = guest_state(&bytes, &own);
    if (version != own || guest_buffer_len != bytes) return guest_give("it is a state of another version or size");
    memcpy(state, guest_buffer, bytes);
    return 0;
}

#endif
