package invent

import "clinicbox/clinic"

// condition is a reason to come to the station, with what is found and done.
type condition struct {
	name    string // of long illnesses, as in Person.Chronic; "" for the others
	weight  int    // how often, among the others that fit
	ages    [2]int // from, to in years
	sex     clinic.Sex
	reason  string
	history string
	finding string
	icd     string
	others  []string
	adult   []dose // from 12 years
	child   []dose
	service []string
	advice  string
	again   int // days to the next visit; 0 = none
	always  bool
	change  func(g *Gen, v *clinic.Vitals)
}

// dose is one line of a prescription: code, units each time, times a day, days.
// Without numbers it is one bottle or tube, and when says how to use it.
type dose struct {
	code  string
	units clinic.Milli
	times int
	days  int
	when  string
}

// paracetamol stands for the size that fits the age.
const paracetamol = "PARA*"

func fever(g *Gen, v *clinic.Vitals) {
	v.Temperature = g.between(381, 395)
	v.Pulse += 15
}

func highPressure(g *Gen, v *clinic.Vitals) {
	v.Systolic, v.Diastolic = g.between(138, 172), g.between(84, 100)
}

func highSugar(g *Gen, v *clinic.Vitals) { v.Glucose = g.between(72, 142) }

func shortBreath(g *Gen, v *clinic.Vitals) {
	v.SpO2, v.Breathing = g.between(92, 95), v.Breathing+6
}

func conditions() []condition {
	return append(append(longIllnesses(), infections()...), everyday()...)
}

func longIllnesses() []condition {
	const rest = "Uống thuốc đều, ăn nhạt, đi bộ mỗi ngày, tái khám đúng hẹn"
	return []condition{
		{
			name: "hypertension", ages: [2]int{30, 110}, reason: "Tái khám tăng huyết áp", history: "Tăng huyết áp nhiều năm, uống thuốc đều",
			finding: "Tim đều rõ, phổi trong, không phù", icd: "I10", adult: []dose{{"AMLO5", 1000, 1, 28, "sáng"}, {"LOSA50", 1000, 1, 28, "sáng"}},
			advice: rest, again: 28, always: true, change: highPressure,
		},
		{
			name: "hypertension-diabetes", ages: [2]int{30, 110}, reason: "Tái khám tăng huyết áp, đái tháo đường", history: "Tăng huyết áp, đái tháo đường típ 2",
			finding: "Tim đều rõ, phổi trong, bàn chân không loét", icd: "I10", others: []string{"E11.9", "E78.5"},
			adult:   []dose{{"ENA10", 1000, 1, 28, "sáng"}, {"METF500", 1000, 2, 28, "sau ăn sáng, chiều"}, {"ATOR10", 1000, 1, 28, "tối"}},
			service: []string{"DUONGHUYET"}, advice: rest, again: 28, always: true,
			change: func(g *Gen, v *clinic.Vitals) { highPressure(g, v); highSugar(g, v) },
		},
		{
			name: "diabetes", ages: [2]int{30, 110}, reason: "Tái khám đái tháo đường", history: "Đái tháo đường típ 2, không hạ đường huyết",
			finding: "Tỉnh, bàn chân không loét, mạch mu chân rõ", icd: "E11.9", adult: []dose{{"METF850", 1000, 2, 28, "sau ăn sáng, chiều"}, {"GLIC30", 1000, 1, 28, "trước ăn sáng"}},
			service: []string{"DUONGHUYET"}, advice: "Ăn ít tinh bột, không bỏ bữa, mang theo kẹo khi ra khơi", again: 28, always: true, change: highSugar,
		},
		{
			name: "gout", ages: [2]int{30, 110}, reason: "Đau khớp ngón chân cái", history: "Gút nhiều năm, đau sau bữa hải sản",
			finding: "Khớp bàn ngón chân cái sưng nóng đỏ", icd: "M10.9", adult: []dose{{"COLCH1", 1000, 1, 5, "tối"}, {"MELO75", 1000, 1, 5, "sau ăn"}},
			advice: "Uống nhiều nước, kiêng rượu bia, hạn chế hải sản", again: 14, always: true,
		},
		{
			name: "copd", ages: [2]int{40, 110}, reason: "Ho đờm, khó thở khi gắng sức", history: "Hút thuốc lá nhiều năm",
			finding: "Phổi thông khí giảm, ít ran ngáy", icd: "J44.9", others: []string{"Z72.0"},
			adult: []dose{{"FENIPRA", 0, 0, 0, "hít khi khó thở"}, {"ACETYL200", 1000, 2, 7, "sau ăn"}}, advice: "Bỏ thuốc lá, tập thở", again: 28, always: true, change: shortBreath,
		},
		{
			name: "knee", ages: [2]int{40, 110}, reason: "Đau hai khớp gối", history: "Đau tăng khi lên xuống dốc",
			finding: "Khớp gối lạo xạo, không sưng nóng", icd: "M17.9", adult: []dose{{paracetamol, 1000, 3, 7, "sau ăn"}, {"MELO75", 1000, 1, 7, "sau ăn"}},
			advice: "Giảm cân, tránh ngồi xổm", again: 28,
		},
		{
			name: "asthma", ages: [2]int{6, 70}, reason: "Khò khè, khó thở về đêm", history: "Hen từ nhỏ", finding: "Phổi ran rít rải rác", icd: "J45.9",
			adult: []dose{{"SALBUMDI", 0, 0, 0, "xịt khi khó thở"}, {"PRED5", 6000, 1, 5, "sáng, sau ăn"}}, child: []dose{{"SALBUMDI", 0, 0, 0, "xịt qua buồng đệm khi khó thở"}, {"MONTE4", 1000, 1, 14, "tối"}},
			service: []string{"KHIDUNG"}, advice: "Tránh khói bụi, mang theo thuốc xịt", again: 14, always: true, change: shortBreath,
		},
		{
			name: "pregnancy", ages: [2]int{16, 45}, sex: clinic.SexFemale, reason: "Khám thai định kỳ", history: "Thai kỳ tiến triển bình thường",
			finding: "Tim thai rõ, tử cung mềm, không phù", icd: "Z34.9", adult: []dose{{"FEFOLIC", 1000, 1, 28, "trước ăn"}, {"CALCI", 1000, 1, 28, "sáng"}},
			service: []string{"KHAMTHAI", "NUOCTIEU", "SIEUAMTHAI"}, advice: "Nghỉ ngơi, ăn đủ chất, đến ngay khi ra máu hoặc đau bụng", again: 28, always: true,
		},
	}
}

func infections() []condition {
	const water = "Uống nhiều nước, đến ngay khi sốt cao, khó thở hoặc lừ đừ"
	return []condition{
		{
			weight: 22, ages: [2]int{0, 110}, reason: "Ho, sổ mũi", history: "Bệnh 2 ngày", finding: "Họng đỏ nhẹ, phổi trong", icd: "J06.9",
			adult: []dose{{paracetamol, 1000, 3, 3, "khi sốt hoặc đau"}, {"LORA10", 1000, 1, 5, "tối"}}, child: []dose{{paracetamol, 1000, 3, 3, "khi sốt"}}, advice: water,
		},
		{
			weight: 9, ages: [2]int{2, 70}, reason: "Sốt, đau họng", history: "Bệnh 1 ngày, nuốt đau", finding: "Amidan sưng đỏ có mủ, hạch cổ đau", icd: "J03.9",
			adult: []dose{{"AMOX500", 1000, 3, 7, "sau ăn"}, {paracetamol, 1000, 3, 3, "khi sốt"}}, child: []dose{{"AMOX250G", 1000, 2, 7, "sau ăn"}, {paracetamol, 1000, 3, 3, "khi sốt"}},
			advice: water, again: 5, change: fever,
		},
		{
			weight: 7, ages: [2]int{18, 110}, reason: "Ho đờm", history: "Ho 5 ngày, đờm trắng", finding: "Phổi ít ran ẩm", icd: "J20.9",
			adult: []dose{{"AMBRO30", 1000, 3, 5, "sau ăn"}, {paracetamol, 1000, 3, 3, "khi sốt"}}, advice: water,
		},
		{
			weight: 4, ages: [2]int{0, 5}, reason: "Ho, sốt, thở nhanh", history: "Bệnh 3 ngày, bú kém", finding: "Phổi ran ẩm hai bên, không rút lõm lồng ngực", icd: "J18.9",
			child: []dose{{"AMOX250G", 1000, 2, 5, "sau ăn"}, {paracetamol, 1000, 3, 3, "khi sốt"}}, advice: water, again: 2, always: true,
			change: func(g *Gen, v *clinic.Vitals) { fever(g, v); v.Breathing += 12 },
		},
		{
			weight: 8, ages: [2]int{0, 110}, reason: "Tiêu chảy", history: "Đi lỏng 4 lần trong ngày, không máu", finding: "Bụng mềm, không dấu mất nước", icd: "A09",
			adult: []dose{{"ORS", 1000, 4, 2, "sau mỗi lần đi lỏng"}, {"DIOSM3", 1000, 3, 3, "xa bữa ăn"}}, child: []dose{{"ORS", 1000, 3, 2, "sau mỗi lần đi lỏng"}, {"ZINC20", 1000, 1, 14, "sau ăn"}},
			advice: "Uống Oresol từng ngụm nhỏ, ăn chín uống sôi", again: 3,
		},
		{
			weight: 5, ages: [2]int{3, 70}, reason: "Sốt cao, đau mỏi người", history: "Sốt ngày thứ 2", finding: "Da xung huyết, không xuất huyết, gan không to", icd: "A97.0",
			adult: []dose{{paracetamol, 1000, 4, 3, "khi sốt trên 38,5 độ"}, {"ORS", 1000, 4, 3, "uống thay nước"}}, child: []dose{{paracetamol, 1000, 4, 3, "khi sốt trên 38,5 độ"}, {"ORS", 1000, 3, 3, "uống thay nước"}},
			service: []string{"TESTDEN"}, advice: "Không dùng aspirin, ibuprofen; tái khám mỗi ngày; đến ngay khi đau bụng, nôn, chảy máu", again: 1, always: true, change: fever,
		},
		{
			weight: 3, ages: [2]int{0, 6}, reason: "Loét miệng, nổi ban tay chân", history: "Bệnh 2 ngày, ăn kém", finding: "Bóng nước lòng bàn tay, bàn chân; tỉnh, không giật mình", icd: "B08.4",
			child: []dose{{paracetamol, 1000, 3, 3, "khi sốt"}}, advice: "Đến ngay khi giật mình, sốt cao, run chi, nôn nhiều", again: 2, always: true, change: fever,
		},
		{
			weight: 3, ages: [2]int{2, 60}, reason: "Ngứa nhiều về đêm", history: "Trong nhà có người ngứa", finding: "Sẩn, rãnh ghẻ kẽ ngón tay", icd: "B86",
			adult: []dose{{"PERMEC", 0, 0, 0, "bôi toàn thân buổi tối"}, {"CETI10", 1000, 1, 7, "tối"}}, child: []dose{{"PERMEC", 0, 0, 0, "bôi toàn thân buổi tối"}}, advice: "Giặt luộc quần áo, điều trị cả nhà",
		},
		{
			weight: 5, ages: [2]int{16, 80}, sex: clinic.SexFemale, reason: "Tiểu buốt, tiểu rắt", history: "Bệnh 2 ngày, không sốt", finding: "Bụng mềm, ấn tức hạ vị", icd: "N30.0",
			adult: []dose{{"CEFU250", 1000, 2, 5, "sau ăn"}}, service: []string{"NUOCTIEU"}, advice: "Uống 2 lít nước mỗi ngày", again: 7,
		},
		{
			weight: 3, ages: [2]int{0, 60}, reason: "Đỏ mắt, ghèn", history: "Bệnh 1 ngày", finding: "Kết mạc đỏ, ghèn vàng, thị lực bình thường", icd: "H10.9",
			adult: []dose{{"CHLORAE", 0, 0, 0, "nhỏ ngày 4 lần, 5 ngày"}}, child: []dose{{"TOBRAE", 0, 0, 0, "nhỏ ngày 4 lần, 5 ngày"}}, advice: "Rửa tay, dùng khăn riêng",
		},
	}
}

func everyday() []condition {
	return []condition{
		{
			weight: 8, ages: [2]int{20, 110}, reason: "Đau thắt lưng", history: "Đau sau kéo lưới", finding: "Cơ cạnh sống co cứng, Lasègue âm tính", icd: "M54.5",
			adult: []dose{{paracetamol, 1000, 3, 5, "sau ăn"}, {"EPERI50", 1000, 3, 5, "sau ăn"}}, service: []string{"XOABOP"}, advice: "Tránh khiêng nặng",
		},
		{
			weight: 7, ages: [2]int{16, 80}, reason: "Đau thượng vị, ợ chua", history: "Đau khi đói, 1 tuần nay", finding: "Ấn đau nhẹ thượng vị, bụng mềm", icd: "K29.7",
			adult: []dose{{"OME20", 1000, 1, 14, "trước ăn sáng"}, {"ALPHOS", 1000, 2, 7, "sau ăn 1 giờ"}}, advice: "Ăn đúng bữa, kiêng rượu bia, cà phê", again: 14,
		},
		{
			weight: 6, ages: [2]int{5, 70}, reason: "Đứt tay do dao cá", history: "Tai nạn lúc làm cá", finding: "Vết thương ngón tay 3 cm, bờ gọn, không đứt gân", icd: "S61.0", others: []string{"W26"},
			adult: []dose{{"CEFA500", 1000, 2, 5, "sau ăn"}, {paracetamol, 1000, 3, 3, "khi đau"}}, child: []dose{{"CEFA250G", 1000, 2, 5, "sau ăn"}}, service: []string{"KHAU", "TIEM"}, advice: "Giữ khô, thay băng cách ngày", again: 2, always: true,
		},
		{
			weight: 3, ages: [2]int{5, 60}, reason: "Sứa chạm vào chân", history: "Sau tắm biển", finding: "Vệt đỏ rát cẳng chân, không khó thở", icd: "T63.6", others: []string{"X26"},
			adult: []dose{{"CETI10", 1000, 1, 3, "tối"}, {"HYDROC", 0, 0, 0, "bôi ngày 2 lần"}}, child: []dose{{"HYDROC", 0, 0, 0, "bôi ngày 2 lần"}}, advice: "Không chà xát, đến ngay khi khó thở",
		},
		{
			weight: 5, ages: [2]int{3, 80}, reason: "Nổi mẩn ngứa", history: "Sau ăn hải sản", finding: "Sẩn phù rải rác, không phù môi, phổi trong", icd: "L50.9",
			adult: []dose{{"LORA10", 1000, 1, 5, "tối"}}, child: []dose{{"LORA10", 500, 1, 5, "tối"}}, advice: "Tránh thức ăn nghi ngờ, đến ngay khi khó thở",
		},
		{
			weight: 4, ages: [2]int{20, 90}, reason: "Chóng mặt khi đổi tư thế", history: "Từ sáng nay, buồn nôn", finding: "Không yếu liệt, không nói khó", icd: "H81.1",
			adult: []dose{{"BETAH16", 1000, 2, 7, "sau ăn"}, {"ACLEU500", 1000, 2, 5, "sau ăn"}}, advice: "Nằm nghỉ, đứng dậy chậm", again: 7,
		},
		{
			weight: 4, ages: [2]int{16, 80}, reason: "Đau đầu, mất ngủ", history: "Lo lắng việc nhà", finding: "Không dấu thần kinh khu trú", icd: "G44.2", others: []string{"G47.0"},
			adult: []dose{{paracetamol, 1000, 2, 5, "khi đau"}}, advice: "Ngủ đúng giờ, hạn chế cà phê",
		},
		{
			weight: 3, ages: [2]int{2, 12}, reason: "Đau bụng quanh rốn", history: "Chưa tẩy giun năm nay", finding: "Bụng mềm, không đề kháng", icd: "B82.0",
			child: []dose{{"MEBEN500", 1000, 1, 1, "nhai, một liều"}}, adult: []dose{{"MEBEN500", 1000, 1, 1, "nhai, một liều"}}, advice: "Rửa tay trước khi ăn",
		},
		{
			weight: 5, ages: [2]int{0, 1}, reason: "Tiêm chủng", history: "Trẻ khỏe", finding: "Tỉnh, bú tốt, đủ điều kiện tiêm", icd: "Z27.8",
			service: []string{"TIEMCHUNG"}, advice: "Theo dõi 30 phút tại trạm, 24 giờ tại nhà", again: 28, always: true,
		},
		{
			weight: 3, ages: [2]int{16, 110}, reason: "Thay băng", history: "Vết thương ngày thứ 3", finding: "Vết thương khô, không mủ", icd: "Z48.0", service: []string{"THAYBANG"}, advice: "Giữ khô", again: 3,
		},
		{
			weight: 2, ages: [2]int{10, 60}, reason: "Bong gân cổ chân", history: "Trượt chân trên cầu cảng", finding: "Cổ chân sưng, đi được", icd: "S93.4", others: []string{"W01"},
			adult: []dose{{"IBU400", 1000, 3, 5, "sau ăn"}}, child: []dose{{paracetamol, 1000, 3, 3, "khi đau"}}, advice: "Nghỉ, chườm lạnh, băng ép, kê cao",
		},
		{
			weight: 4, ages: [2]int{18, 110}, reason: "Khám sức khỏe", history: "Không bệnh", finding: "Chưa phát hiện bất thường", icd: "Z00.0", service: []string{"KHAMSK"}, advice: "Tập thể dục, tái khám hằng năm",
		},
	}
}
