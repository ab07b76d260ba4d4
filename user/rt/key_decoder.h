// SPDX-License-Identifier: MIT
#pragma once
/*
 * Bytes from a terminal into keys.
 *
 * Recognises control characters, the escape sequences of the cursor and editing keys (ECMA-48
 * CSI and SS3 forms, as xterm, VT220 and the Linux console send them) and characters in UTF-8.
 * What is none of these gives KEY_NONE: unknown sequences, malformed UTF-8, C1 controls, NUL.
 *
 * A state machine of a few bytes with no buffer but the four bytes of one character: no input
 * can grow it, stop it or make it lose step for longer than up to the next control character.
 */
#include <stdint.h>

/* What was pressed. */
enum key : uint8_t {
	KEY_NONE = 0,
	KEY_CHARACTER, /* in key_decoder.character */
	KEY_ENTER,
	KEY_BACKSPACE,
	KEY_DELETE,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_UP,
	KEY_DOWN,
	KEY_HOME,
	KEY_END,
	KEY_KILL_TO_END,   /* Ctrl-K */
	KEY_KILL_TO_START, /* Ctrl-U */
	KEY_KILL_WORD,     /* Ctrl-W */
	KEY_CLEAR,         /* Ctrl-L */
	KEY_INTERRUPT,     /* Ctrl-C */
	KEY_END_OF_INPUT,  /* Ctrl-D */
};

/* What the bytes so far belong to. */
enum key_decoder_state : uint8_t {
	KEY_STATE_TEXT = 0,
	KEY_STATE_ESCAPE,
	KEY_STATE_CSI,   /* after ESC [ */
	KEY_STATE_SS3,   /* after ESC O */
	KEY_STATE_UTF_8, /* inside a character */
};

/* Zeroed storage is a decoder at its start. */
struct key_decoder {
	uint8_t character[4]; /* of the last KEY_CHARACTER */
	uint8_t size;         /* its bytes, 1 to 4 */
	uint8_t wanted;       /* bytes of the character being read */
	enum key_decoder_state state;
	bool after_return;  /* the last byte was CR: an LF now belongs to it */
	uint16_t parameter; /* first parameter of the CSI sequence being read */
	bool parameter_ended;
};

/* Take one byte; most bytes complete a key, KEY_NONE otherwise. */
enum key key_decoder_feed(struct key_decoder *d, uint8_t byte);
