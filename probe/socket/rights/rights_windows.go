// SPDX-License-Identifier: Apache-2.0

package rights

func lowPorts() error { return nil }

func drop(string) (became string, err error) { return "", nil }
