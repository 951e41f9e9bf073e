//go:build !linux

package mqttlink

import "net"

// kernelCounts is for boards, which run Linux.
func kernelCounts(net.Conn) (kernel, bool) { return kernel{}, false }
