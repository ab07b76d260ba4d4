// SPDX-License-Identifier: MIT
/*
 * What is wrong with a program, in words.  lib/elf.h decides; this explains the usual mistakes.
 * See extend.h.
 */
#include "tools/mkmanifest/extend.h"

#include "lib/elf.h"

#include <elf.h>
#include <string.h>

static const char *header_refusal(const Elf64_Ehdr *header)
{
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64)
		return "is an ELF file for another processor";
	switch (header->e_type) {
	case ET_EXEC:
		return nullptr;
	case ET_REL:
		return "is an object file: link it with capos-cc";
	case ET_DYN:
		return "is position-independent, or a shared library: link it with capos-cc";
	default: /* a number of the file, not an enum of ours */
		return "is an ELF file, but no program";
	}
}

static const char *segment_refusal(const Elf64_Phdr *segment)
{
	switch (segment->p_type) {
	case PT_INTERP:
	case PT_DYNAMIC:
		return "is linked dynamically, for another system: link it with capos-cc";
	case PT_TLS:
		return "has thread-local storage, which capOS does not have";
	case PT_LOAD:
		if ((segment->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
			return "has memory that is writable and executable";
		return nullptr;
	default: /* likewise */
		return nullptr;
	}
}

const char *program_refusal(const void *image, size_t size)
{
	struct elf_image parsed;
	const char *why = nullptr;
	Elf64_Phdr segment;
	Elf64_Ehdr header;

	if (elf_parse(image, size, &parsed) == STATUS_OK)
		return nullptr;
	if (size < SELFMAG || memcmp(image, ELFMAG, SELFMAG) != 0)
		return "is not an ELF file";
	if (size < sizeof(header))
		return "is cut short";
	memcpy(&header, image, sizeof(header));
	why = header_refusal(&header);
	for (uint32_t i = 0; why == nullptr && i < header.e_phnum; i++) {
		if (header.e_phoff > size || (size - header.e_phoff) / sizeof(segment) <= i)
			return "is cut short";
		memcpy(&segment, (const char *)image + header.e_phoff + i * sizeof(segment),
		       sizeof(segment));
		why = segment_refusal(&segment);
	}
	return why != nullptr ? why
			      : "is not laid out as a capOS program: link it with capos-cc";
}
