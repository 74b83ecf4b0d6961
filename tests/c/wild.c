/* A native plugin whose returns are wrong on request: its parameter `sin` says how. Takes in messages; from the twentieth
 * on it gives addresses, lengths and statuses that no plugin should give. */
#include "backplane.h"

static const char DESCRIPTOR[] =
    "{\"name\":\"wild\",\"version\":\"1.0.0\",\"subscriptions\":[{\"schema\":\"mbp\",\"symbols\":[]}],\"params\":[{\"id\":"
    "\"sin\",\"kind\":\"integer\",\"default\":0,\"min\":0,\"max\":99,\"help\":\"what to do wrong\"}],\"metrics\":[]}";

static void *const NOWHERE = (void *)16;
static int64_t sin, heard;

static uint32_t describe(bp_reply *reply) {
    reply->bytes = (bp_bytes){DESCRIPTOR, sizeof DESCRIPTOR - 1};
    return BP_OK;
}

static uint32_t create(const bp_param *params, uint64_t count, void **state, bp_reply *reply) {
    (void)reply;
    sin = count == 1 ? params[0].as.integer : 0;
    *state = sin == 11 ? NULL : &heard;
    return BP_OK;
}

static uint32_t hear(void *state, const bp_message *message, const bp_lent_books *books, bp_reply *reply) {
    static bp_command command;
    static bp_log_record line = {BP_ERROR, 0, {"\xff\xfe", 2}};
    (void)state, (void)books;
    if (message->kind != BP_LEVEL || ++heard != 20) return BP_OK;
    switch (sin) {
    case 1: reply->commands = NOWHERE, reply->command_count = 1; break;
    case 2: reply->commands = &command, reply->command_count = UINT64_MAX; break;
    case 3: reply->logs = NOWHERE, reply->log_count = 1; break;
    case 4: line.text.data = NOWHERE, reply->logs = &line, reply->log_count = 1; break;
    case 5: line.text.len = UINT64_MAX, reply->logs = &line, reply->log_count = 1; break;
    case 6: reply->bytes = (bp_bytes){NOWHERE, 8}; return BP_FAULT;
    case 7: reply->bytes = (bp_bytes){"x", UINT64_MAX}; return BP_FAULT;
    case 8: reply->file = (bp_bytes){NOWHERE, 8}; return BP_FAULT;
    case 9: return 77;
    case 10: command.kind = 99, reply->commands = &command, reply->command_count = 1; break;
    case 12: line.level = 99, reply->logs = &line, reply->log_count = 1; break;
    case 13: reply->commands = NULL, reply->command_count = 5; break;
    default: break;
    }
    return BP_OK;
}

static uint32_t save(void *state, bp_reply *reply) {
    (void)state;
    reply->bytes = sin == 14 ? (bp_bytes){"x", UINT64_MAX} : (bp_bytes){NOWHERE, sin == 15 ? 8 : 0};
    return BP_OK;
}

static uint32_t load(void *state, uint32_t version, const uint8_t *data, uint64_t len, bp_reply *reply) {
    (void)state, (void)version, (void)data, (void)len, (void)reply;
    return BP_OK;
}

static void destroy(void *state) { (void)state; }

BP_NATIVE_PLUGIN(describe, create, hear, save, load, destroy)
