// SPDX-License-Identifier: GPL-2.0
// The ACPI device that the in-tree drivers insist on before they look for a VMBus.
DefinitionBlock ("", "SSDT", 1, "VMKIT", "VMBUS", 1)
{
	External (\_SB.PCI0, DeviceObj)

	Scope (\_SB.PCI0)
	{
		Device (VMBS)
		{
			// One letter short of what ACPI allows, and what Hyper-V has: iasl wants -f.
			Name (_HID, "VMBUS")
			Name (_UID, Zero)
			Name (_STA, 0x0F)
		}
	}
}
