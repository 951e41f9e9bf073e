package mqttlink

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// kernelCounts asks the kernel (tcp(7), TCP_INFO): bytes sent, those sent again included,
// and segments both ways. False for what is no TCP connection, and for kernels that do
// not count segments (before 4.6).
func kernelCounts(c net.Conn) (k kernel, ok bool) {
	s, is := c.(syscall.Conn)
	if !is {
		return k, false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return k, false
	}
	var info *unix.TCPInfo
	err2 := raw.Control(func(fd uintptr) { info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO) })
	if err != nil || err2 != nil || info.Segs_out == 0 {
		return k, false
	}
	sent := max(info.Bytes_sent, info.Bytes_acked) // kernels before 4.19 know the latter only
	return kernel{int64(sent), int64(info.Bytes_received), int64(info.Segs_out), int64(info.Segs_in)}, true
}
