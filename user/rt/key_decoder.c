// SPDX-License-Identifier: MIT
/* Bytes from a terminal into keys.  See key_decoder.h for the model. */
#include "user/rt/key_decoder.h"

constexpr uint8_t ESCAPE = 0x1b;
constexpr uint8_t DELETE = 0x7f;
/* Larger than any parameter that means something; keeps the number from overflowing. */
constexpr uint16_t PARAMETER_MAX = 999;

static const enum key control_keys[32] = {
	[0x01] = KEY_HOME,         /* Ctrl-A */
	[0x02] = KEY_LEFT,         /* Ctrl-B */
	[0x03] = KEY_INTERRUPT,    /* Ctrl-C */
	[0x04] = KEY_END_OF_INPUT, /* Ctrl-D */
	[0x05] = KEY_END,          /* Ctrl-E */
	[0x06] = KEY_RIGHT,        /* Ctrl-F */
	[0x08] = KEY_BACKSPACE,    /* Ctrl-H */
	[0x0a] = KEY_ENTER,        /* LF */
	[0x0b] = KEY_KILL_TO_END,
	[0x0c] = KEY_CLEAR,
	[0x0d] = KEY_ENTER, /* CR */
	[0x0e] = KEY_DOWN,  /* Ctrl-N */
	[0x10] = KEY_UP,    /* Ctrl-P */
	[0x15] = KEY_KILL_TO_START,
	[0x17] = KEY_KILL_WORD,
};

/* Final bytes that CSI and SS3 share. */
static enum key cursor_key(uint8_t final)
{
	switch (final) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return KEY_RIGHT;
	case 'D':
		return KEY_LEFT;
	case 'F':
		return KEY_END;
	case 'H':
		return KEY_HOME;
	default:
		return KEY_NONE;
	}
}

/* ESC [ number ~ */
static enum key numbered_key(uint16_t number)
{
	switch (number) {
	case 1:
	case 7:
		return KEY_HOME;
	case 3:
		return KEY_DELETE;
	case 4:
	case 8:
		return KEY_END;
	default:
		return KEY_NONE;
	}
}

static enum key feed_control(struct key_decoder *d, uint8_t byte)
{
	bool after_return = d->after_return;

	d->after_return = byte == '\r';
	if (byte == ESCAPE) {
		d->state = KEY_STATE_ESCAPE;
		return KEY_NONE;
	}
	d->state = KEY_STATE_TEXT;
	if (byte == DELETE)
		return KEY_BACKSPACE;
	return byte == '\n' && after_return ? KEY_NONE : control_keys[byte];
}

static enum key feed_escape(struct key_decoder *d, uint8_t byte)
{
	d->state = KEY_STATE_TEXT;
	if (byte == '[') {
		d->state = KEY_STATE_CSI;
		d->parameter = 0;
		d->parameter_ended = false;
	} else if (byte == 'O') {
		d->state = KEY_STATE_SS3;
	}
	return KEY_NONE;
}

/* Parameter and intermediate bytes 0x20 to 0x3f, then one final byte 0x40 to 0x7e. */
static enum key feed_csi(struct key_decoder *d, uint8_t byte)
{
	if (byte >= '0' && byte <= '9') {
		if (!d->parameter_ended && d->parameter <= PARAMETER_MAX)
			d->parameter = (uint16_t)(d->parameter * 10 + (byte - '0'));
		return KEY_NONE;
	}
	if (byte < 0x40) {
		d->parameter_ended = true;
		return KEY_NONE;
	}
	d->state = KEY_STATE_TEXT;
	return byte == '~' ? numbered_key(d->parameter) : cursor_key(byte);
}

/* Bytes of the character that begins with `byte`; 0 when none does. */
static uint8_t utf_8_size(uint8_t byte)
{
	if (byte < 0x80)
		return 1;
	if (byte >= 0xc2 && byte <= 0xdf)
		return 2;
	if (byte >= 0xe0 && byte <= 0xef)
		return 3;
	return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

/* Shortest form, no surrogate, no C1 control, not above U+10FFFF (RFC 3629, section 4). */
static bool second_byte_is_valid(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xc2:
		return second >= 0xa0 && second <= 0xbf;
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return second >= 0x80 && second <= 0xbf;
	}
}

static enum key feed_text(struct key_decoder *d, uint8_t byte)
{
	d->after_return = false;
	d->wanted = utf_8_size(byte);
	d->character[0] = byte;
	d->size = 1;
	if (d->wanted == 1)
		return KEY_CHARACTER;
	d->state = d->wanted == 0 ? KEY_STATE_TEXT : KEY_STATE_UTF_8;
	return KEY_NONE;
}

static enum key feed_utf_8(struct key_decoder *d, uint8_t byte)
{
	bool valid = d->size == 1 ? second_byte_is_valid(d->character[0], byte)
				  : byte >= 0x80 && byte <= 0xbf;

	d->state = KEY_STATE_TEXT;
	if (!valid)
		return feed_text(d, byte);
	d->character[d->size++] = byte;
	if (d->size == d->wanted)
		return KEY_CHARACTER;
	d->state = KEY_STATE_UTF_8;
	return KEY_NONE;
}

enum key key_decoder_feed(struct key_decoder *d, uint8_t byte)
{
	if (byte < 0x20 || byte == DELETE)
		return feed_control(d, byte);
	switch (d->state) {
	case KEY_STATE_TEXT:
		return feed_text(d, byte);
	case KEY_STATE_ESCAPE:
		return feed_escape(d, byte);
	case KEY_STATE_CSI:
		return byte < 0x7f ? feed_csi(d, byte) : KEY_NONE;
	case KEY_STATE_SS3:
		d->state = KEY_STATE_TEXT;
		return cursor_key(byte);
	case KEY_STATE_UTF_8:
		return feed_utf_8(d, byte);
	}
	return KEY_NONE;
}
