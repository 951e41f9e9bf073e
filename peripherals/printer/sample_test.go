package printer_test

import "clinicbox/clinic/paper"

const slipCode = "H22736A00778O"

// slipQR is the longest code that a paper has (clinic.PaperQR): 122 characters.
const slipQR = "CB2/AAAQEAYEAUDAOCAJBIFQYDIOB4/AEBAGBAFAYDQQ/999999999/777P37H37L47R57W6X2PH4XR6A/A4AAAAAAAAAAAAAAAAAAAAAAAA/" + slipCode

// slip is an appointment slip of an invented patient with everything that makes
// trouble: long diagnosis, stacked marks, signature space, both codes.
func slip() paper.Doc {
	return paper.Doc{Form: "appointment", Blocks: []paper.Block{
		paper.Text("TRUNG TÂM Y TẾ MẪU").Sized(paper.Small).At(paper.Center),
		paper.Text("TRẠM Y TẾ XÃ ĐẢO MẪU").Strong().At(paper.Center),
		paper.Text("Thôn Bắc, xã Đảo Mẫu · ĐT 0200 000 000").Sized(paper.Small).At(paper.Center),
		paper.Space(2),
		paper.Text("GIẤY HẸN KHÁM LẠI").Sized(paper.Large).Strong().At(paper.Center),
		paper.Rule(),
		paper.Row("Họ và tên", "NGUYỄN THỊ ẨN DỤ").Strong(),
		paper.Row("Ngày sinh", "02/09/1954 (72 tuổi)"),
		paper.Row("Giới tính", "Nữ"),
		paper.Row("Địa chỉ", "Số 7, ngõ Biển Đông, thôn Bắc, xã Đảo Mẫu, tỉnh Thử Nghiệm"),
		paper.Row("Số thẻ BHYT", "DK2990000000001"),
		paper.Row("Giá trị thẻ", "01/01/2026 – 31/12/2026"),
		paper.Row("Ngày khám", "14/10/2026"),
		paper.Row("Chẩn đoán", "I10 Tăng huyết áp vô căn (nguyên phát); E11.9 Đái tháo đường típ 2 không biến chứng"),
		paper.Rule(),
		paper.Text("Hẹn khám lại ngày").At(paper.Center),
		paper.Text("11/11/2026").Sized(paper.Large).Strong().At(paper.Center),
		paper.Text("08:30 · Phòng khám số 1").At(paper.Center),
		paper.Text("hoặc đến khám bất cứ lúc nào trước thời gian hẹn nếu có dấu hiệu bất thường.").Sized(paper.Small),
		paper.Text("Giấy hẹn chỉ có giá trị sử dụng 01 lần.").Sized(paper.Small),
		paper.Space(2),
		paper.Text("Ngày 14 tháng 10 năm 2026").Sized(paper.Small).At(paper.Right),
		paper.Text("Y sĩ khám bệnh").Strong().At(paper.Right),
		paper.Space(14),
		paper.Text("Trần Văn Mẫu").At(paper.Right),
		paper.Space(2),
		paper.QR(slipQR),
		paper.Code128(slipCode),
	}}
}
