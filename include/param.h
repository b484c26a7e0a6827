/* SPDX-License-Identifier: GPL-2.0 */
/*
 * param.h - module parameters that refuse what is out of bounds
 */
#ifndef VMBUS_KIT_PARAM_H
#define VMBUS_KIT_PARAM_H

#include <linux/moduleparam.h>

/**
 * BOUNDED_PARAM() - make a static unsigned int a parameter of the module
 * @name: of the variable and the parameter; the variable's value is the default
 * @least: smallest number accepted
 * @most: largest one
 * @mode: of the file in sysfs
 * @what: its description, with the bounds
 */
#define BOUNDED_PARAM(name, least, most, mode, what)					\
	static int set_##name(const char *val, const struct kernel_param *kp)		\
	{										\
		return param_set_uint_minmax(val, kp, least, most);			\
	}										\
	static const struct kernel_param_ops name##_ops = {				\
		.set = set_##name,							\
		.get = param_get_uint,							\
	};										\
	module_param_cb(name, &name##_ops, &name, mode);				\
	MODULE_PARM_DESC(name, what)

#endif
