package health

import "time"

// The codes of the modem's causes are those of its driver, which may not be imported
// here.
const (
	ModemAbsent     = "modem.absent"
	ModemPermission = "modem.permission"
	ModemNotSerial  = "modem.not-serial"
	ModemSilent     = "modem.silent"
	ModemNoSIM      = "modem.no-sim"
	ModemSIMFailed  = "modem.sim-failed"
	ModemSIMOther   = "modem.sim-other"
	ModemPINNeeded  = "modem.pin-needed"
	ModemPINWrong   = "modem.pin-wrong"
	ModemPINUnsure  = "modem.pin-unsure"
	ModemPINStorage = "modem.pin-storage"
	ModemPUK        = "modem.puk"
	ModemSearching  = "modem.searching"
	ModemDenied     = "modem.denied"
	ModemNoAddress  = "modem.no-address"
)

// modems are what may be wrong with the 4G modem: one holds at a time. A link that is
// down at the same time is down because of it: with another way out it would be up.
func modems() []Cause {
	word := func(code, vi, en string) Cause {
		return Cause{Code: code, Severity: Warning, After: time.Minute, Hides: []string{LinkDown}, VI: vi, EN: en}
	}
	return []Cause{
		word(ModemAbsent, "Không thấy modem 4G. Cắm lại modem; hồ sơ vẫn được lưu và sẽ gửi sau.",
			"The 4G modem is not found. Plug it in again; records are kept and sent later."),
		word(ModemPermission, "Không được phép mở modem 4G. Gọi kỹ thuật viên.",
			"The program may not open the 4G modem. Call the technician."),
		word(ModemNotSerial, "Cổng của modem 4G không dùng được, hoặc chương trình khác đang giữ. Gọi kỹ thuật viên.",
			"The port of the 4G modem cannot be used, or another program holds it. Call the technician."),
		word(ModemSilent, "Modem 4G không trả lời. Rút ra, đợi 10 giây rồi cắm lại.",
			"The 4G modem does not answer. Pull it out, wait 10 seconds, plug it in again."),
		word(ModemNoSIM, "Modem 4G không có thẻ SIM. Lắp thẻ SIM.",
			"There is no SIM card in the 4G modem. Put it in."),
		word(ModemSIMFailed, "Không đọc được thẻ SIM. Lau và lắp lại thẻ; nếu vẫn lỗi, đổi thẻ.",
			"The SIM card cannot be read. Clean it and put it in again; if that does not help, replace it."),
		word(ModemSIMOther, "Modem 4G chỉ nhận thẻ SIM của nhà mạng khác. Đổi thẻ hoặc đổi modem.",
			"The 4G modem takes only another operator's SIM card. Change the card or the modem."),
		word(ModemPINNeeded, "Thẻ SIM đòi mã PIN mà máy không có. Kỹ thuật viên: ghi mã PIN vào cấu hình.",
			"The SIM card wants a PIN and the box has none. Technician: put it into the configuration."),
		word(ModemPINWrong, "Thẻ SIM từ chối mã PIN trong cấu hình; máy không thử lại mã này. Kỹ thuật viên: sửa mã PIN.",
			"The SIM card refused the PIN of the configuration; the box does not try it again. Technician: correct it."),
		word(ModemPINUnsure, "Không rõ mã PIN của thẻ SIM có đúng không, nên máy không thử lại để khỏi khóa thẻ. Kỹ thuật viên: thử thẻ trong điện thoại.",
			"It is not known whether the PIN of the SIM card is right; the box does not try again, so as not to lock it. Technician: try the card in a telephone."),
		word(ModemPINStorage, "Không ghi nhớ được lần thử mã PIN của thẻ SIM, nên máy không thử. Gọi kỹ thuật viên.",
			"A try of the SIM card's PIN could not be stored, so it was not made. Call the technician."),
		word(ModemPUK, "Thẻ SIM đã khóa. Lắp thẻ vào điện thoại và nhập mã PUK của nhà mạng.",
			"The SIM card is locked. Put it into a telephone and enter the operator's PUK."),
		word(ModemSearching, "Modem 4G không tìm thấy sóng. Chuyển máy hoặc ăng-ten lại gần cửa sổ; hồ sơ vẫn được lưu và sẽ gửi sau.",
			"The 4G modem finds no network. Move the box or its aerial to a window; records are kept and sent later."),
		word(ModemDenied, "Nhà mạng từ chối thẻ SIM. Kiểm tra thuê bao với nhà mạng.",
			"The network refuses the SIM card. Ask the operator about the contract."),
		word(ModemNoAddress, "Có sóng 4G nhưng không có dữ liệu. Kiểm tra gói dữ liệu của thẻ SIM và điểm truy cập (APN).",
			"There is a 4G network but no data. Check the SIM card's data plan and the access point (APN)."),
	}
}
