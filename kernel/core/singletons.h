// SPDX-License-Identifier: MIT
#pragma once
/*
 * Kernel objects of which there is one, made at boot and never destroyed.  The manifest says
 * which of them the first process gets.
 */
#include "kernel/core/object.h"
#include "schema/manifest.capnp.h"

extern struct object console_object;
extern struct object uart_object;
extern struct object timer_object;
extern struct object entropy_source_object;
extern struct object boot_package_object;
extern struct object process_spawner_object;
extern struct object power_object;
extern struct object audit_object;

/* Connect the Uart to the serial port. */
void uart_init(void);

/* The object that the manifest means; nullptr for KERNEL_OBJECT_NONE and unknown numbers. */
struct object *singleton_find(enum kernel_object which);
