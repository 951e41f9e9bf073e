package boxmain

import (
	"errors"
	"io/fs"
	"slices"
	"syscall"

	"clinicbox/clinic/desk"
	"clinicbox/device/identity"
	"clinicbox/device/sealer"
	"clinicbox/internal/cert"
	"clinicbox/internal/handback"
	"clinicbox/internal/spoken"
	"clinicbox/interop/archive"
	"clinicbox/store"
	"clinicbox/store/medium"
)

// word is what an error means to a technician.
type word struct {
	err    error
	vi, en string
}

// Words explains an error to a technician in both languages, where there is more
// to say than the error itself does.
func Words(err error) string {
	for _, w := range slices.Concat(recordWords(), keyWords(), centreWords(), exportWords(), stickWords(), diskWords()) {
		if errors.Is(err, w.err) {
			return w.vi + "\n" + w.en + "\n(" + err.Error() + ")"
		}
	}
	return err.Error()
}

// recordWords are those of the records and of their copy.
func recordWords() []word {
	return []word{
		{store.ErrLocked, "Hộp đang chạy với thư mục dữ liệu này. Dừng nó trước.", "A box is already running with this data directory. Stop it first."},
		{store.ErrRing, "Cả hai tệp data.dir/ring và ring.copy bị hỏng. Chép lại hai tệp này từ bản sao mới nhất; không xóa gì.", "Both data.dir/ring and ring.copy are damaged. Bring them back from the newest copy; delete nothing."},
		{store.ErrKey, "Hồ sơ được khóa bằng khóa lưu trữ hoặc khóa dữ liệu khác: thư mục data.dir/keys của hộp khác, hoặc tệp data.dir/ring thiếu hay cũ hơn hồ sơ. Chép lại keys, ring và ring.copy từ bản sao mới nhất; không xóa gì.", "The records are sealed under another storage key or data key: the folder data.dir/keys is of another box, or the file data.dir/ring is missing or older than the records. Bring keys, ring and ring.copy back from the newest copy; delete nothing."},
		{errNoKey, "Có hồ sơ nhưng thiếu tệp khóa data.dir/keys/slots. Chép lại tệp này từ bản sao; không xóa gì.", "There are records, but the storage key slots data.dir/keys/slots are missing. Bring them back from a copy; delete nothing."},
		{errNotSetUp, "Hộp chưa được thiết lập. Chạy: clinicbox staff -config TỆP -name \"HỌ TÊN\".", "The box is not set up. Run: clinicbox staff -config FILE -name \"FULL NAME\"."},
		{medium.ErrRestoring, "Khôi phục chưa xong. Chạy lại: clinicbox restore với cùng bản sao.", "The restore is not finished. Run clinicbox restore again, with the same copy."},
		{medium.ErrInUse, "data.dir không trống: không ghi đè gì. Dời thư mục đó đi nơi khác, không xóa.", "data.dir is not empty, and nothing is overwritten. Move that folder away; do not delete it."},
		{handback.ErrForm, "Đây không phải tệp trung tâm trả lại (clinichub entries), hoặc tệp bị hỏng. Chưa sửa gì từ tệp này.", "This is no file that the centre handed back (clinichub entries), or it is damaged. Nothing was mended from it."},
		{handback.ErrCut, "Tệp trung tâm trả lại bị thiếu phần cuối: chép lại từ trung tâm. Chưa sửa gì từ tệp này.", "The file that the centre handed back lacks its end: copy it anew. Nothing was mended from it."},
		{handback.ErrVersion, "Tệp trung tâm trả lại do phiên bản mới hơn ghi. Cập nhật hộp trước.", "A newer program wrote the file that the centre handed back. Update the box first."},
		{handback.ErrOther, "Tệp trung tâm trả lại là của hộp khác. Chưa sửa gì từ tệp này.", "The file that the centre handed back is for another box. Nothing was mended from it."},
		{errOtherLife, "Tệp trung tâm trả lại thuộc nhật ký cũ của hộp này. Chưa sửa gì từ tệp này.", "The file that the centre handed back is of an earlier journal of this box. Nothing was mended from it."},
		{medium.ErrNone, "Không thấy bản sao (thư mục clinicbox-copy) ở đó.", "There is no copy (folder clinicbox-copy) there."},
		{medium.ErrForged, "Bản sao này không phải do hộp này tạo.", "This copy was not made by this box."},
		{medium.ErrVersion, "Bản sao do phiên bản mới hơn ghi. Cài phiên bản mới.", "A newer program made the copy. Install it."},
		{medium.ErrNewDisk, "Ổ của data.dir không trả lại đúng điều vừa ghi. Bản sao còn nguyên; thay thẻ nhớ rồi khôi phục lại.", "The disk of data.dir does not give back what was written. The copy is whole; change the card and restore again."},
		{medium.ErrDamaged, "Bản sao bị hỏng ở các tệp trên. Thử USB khác; nếu không có, dùng -damaged: lấy những gì còn đọc được.", "The copy is damaged in the files above. Try another stick; if there is none use -damaged: it takes what can be read."},
		{medium.ErrAbsent, "Không thấy thư mục của bản sao: USB chưa cắm hoặc chưa được gắn.", "The folder of the copy is not there: the stick is not plugged in, or not mounted."},
		{medium.ErrFull, "Hết chỗ trên ổ của data.dir. Bản sao còn nguyên; giải phóng chỗ rồi chạy lại cùng lệnh.", "The disk of data.dir is full. The copy is whole; make room and run the same command again."},
		{medium.ErrReadOnly, "Không ghi được vào data.dir. Bản sao còn nguyên; xem quyền và ổ lưu rồi chạy lại cùng lệnh.", "Nothing can be written to data.dir. The copy is whole; look at rights and disk and run the same command again."},
		{errBroken, "Bản xuất đúng như hộp đã ghi, nhưng chữ ký của người ở các mục kể dưới không khớp: không tính là đã ký. Báo cho nơi đã xuất.", "The export is what the box wrote, but people's signatures at the entries named below do not fit: they count as unsigned. Tell who exported it."},
		{errHole, "Mục này không còn đọc được trên hộp, chỉ còn mã băm: không xuất được. Chạy clinicbox mend rồi thử lại.", "This record can no longer be read on the box, only its hash is left: it cannot be exported. Run clinicbox mend and try again."},
		{errTwoPatients, "Mục này nói đến hai người bệnh: không trao riêng được. Chưa ghi gì ra tệp.", "This record names two patients: it is not handed out alone. Nothing was written."},
		{errRevokedBox, "Bản xuất đúng như hộp đã ghi, nhưng trung tâm đã thu hồi chứng nhận của hộp. Hỏi trung tâm từ ngày nào và vì sao.", "The export is what the box wrote, but the centre took back the box's certificate. Ask the centre since when and why."},
		{errNoRecord, "Trong nhật ký (hoặc tệp) này KHÔNG có mục như vậy: của hộp khác, hoặc giấy không thật. Không có gì thay đổi.", "There is NO such entry in these journals, or in this file: it is of another box, or the paper is not real. Nothing has changed."},
		{errNotProven, "Mục kể trên KHÔNG chứng minh được (dấu !). Không xóa gì; giữ giấy lại và báo trung tâm.", "What is named above is NOT proven (at !). Delete nothing; keep the paper and tell the centre."},
		{errNotAdministrator, "Danh sách của một người bệnh chỉ dành cho người quản trị. Chưa in gì.", "The list of a patient is for an administrator only. Nothing was printed."},
		{ErrDamage, "Có chỗ hỏng hoặc chữ ký không được tính, kể ở trên (dấu !). Không xóa gì; báo trung tâm, sửa hồ sơ bằng clinicbox mend.", "There is damage, or a signature that does not count, named above (at !). Delete nothing; tell the centre, and mend records with clinicbox mend."},
	}
}

// keyWords are those of what opens the records.
func keyWords() []word {
	return []word{
		{sealer.ErrUnsure, "Lần ghi cuối báo lỗi: KHÔNG biết mã khôi phục cũ hay mới là mã đúng. Giữ cả hai tờ. Mở hộp bằng PIN như trước, rồi chạy lại lệnh; hồ sơ không mất.", "The last write was told as failed: it is NOT known whether the old or the new recovery code is good. Keep both papers. Unlock by PIN as before, then run the command again; no record is lost."},
		{errNotWritten, "Chưa gõ lại đúng mã mới: không có gì thay đổi, mã cũ vẫn đúng. Hủy tờ vừa chép.", "The new code was not typed back: nothing has changed, the old code is good. Destroy the new paper."},
		{errNotAdmin, "Cần số và PIN của người quản trị: không có gì thay đổi. Ai chỉ có mã khôi phục thì thêm người quản trị trước: clinicbox staff.", "An administrator's number and PIN are needed: nothing has changed. Who has the recovery code alone first adds an administrator: clinicbox staff."},
		{errBlocked, "Trung tâm không cho mở hộp này. Gọi người vận hành.", "The centre forbids opening this box. Call its operator."},
		{sealer.ErrWrong, "Số hoặc mã PIN không đúng, hoặc thẻ nhớ đang ở máy khác.", "Wrong number or PIN, or the card sits in another board."},
		{sealer.ErrUncounted, "Không ghi được gì vào data.dir: sau khi bật và sau mỗi lần sai phải chờ một phút.", "Nothing can be written to data.dir: wait a minute after a start and after each wrong try."},
		{sealer.ErrWait, "Sai nhiều lần: phải chờ.", "Too many wrong tries: wait."},
		{sealer.ErrLocked, "Đã khóa sau nhiều lần sai. Người khác, mã khôi phục hoặc trung tâm mở được.", "Locked after many wrong tries. Another person, the recovery code or the centre opens it."},
		{sealer.ErrNoKeyFile, "Thiếu tệp khóa seal.key_file. Chép lại từ nơi cất giữ; không xóa gì.", "The storage key file seal.key_file is missing. Bring it back from where you keep it; delete nothing."},
		{sealer.ErrErased, "Khóa của hộp này đã bị hủy theo lệnh của trung tâm: hồ sơ trong đó không đọc được nữa. Để dùng lại máy, gọi người vận hành, rồi dời thư mục data.dir đi nơi khác và thiết lập lại.", "The keys of this box were destroyed by order of the centre: its records cannot be read any more. To use the machine again call the operator, then move data.dir away and set the box up anew."},
		{sealer.ErrNoSlot, "Không có số mở máy này.", "Nobody has this unlock number."},
		{sealer.ErrDamaged, "Tệp khóa data.dir/keys/slots bị hỏng. Chép lại từ bản sao; không xóa gì.", "The key slots data.dir/keys/slots are damaged. Bring them back from a copy; delete nothing."},
		{sealer.ErrVersion, "Khóa do phiên bản mới hơn ghi. Cài lại phiên bản mới.", "A newer program wrote the keys. Install it again."},
		{identity.ErrVersion, "Khóa do phiên bản mới hơn ghi. Cài lại phiên bản mới.", "A newer program wrote the keys. Install it again."},
		{identity.ErrDamaged, "Một tệp trong data.dir/keys bị hỏng. Chép lại từ bản sao; không xóa gì.", "A file in data.dir/keys is damaged. Bring it back from a copy; delete nothing."},
		{identity.ErrKey, "data.dir/keys/closed thuộc khóa lưu trữ khác. Chép cả thư mục keys từ cùng một bản sao.", "data.dir/keys/closed belongs to another storage key. Bring all of the folder keys from one copy."},
		{identity.ErrChanged, "Có người đã ghi lên thẻ nhớ: bản sao giấy gia nhập không giống bản niêm phong. Đã sửa lại; báo người vận hành.", "Somebody wrote on the card: the copy of the enrolment was not the sealed one. It is put right; tell the operator."},
	}
}

// centreWords are those of joining a centre.
func centreWords() []word {
	return []word{
		{spoken.ErrCode, "Mã gõ sai; các nhóm sai ở dưới.", "The code is mistyped; the wrong groups are named below."},
		{errHubAddress, "Địa chỉ trung tâm phải là http://MÁY:CỔNG hoặc https://MÁY:CỔNG.", "The centre's address must be http://HOST:PORT or https://HOST:PORT."},
		{errNoAnswer, "Trung tâm không trả lời. Kiểm tra mạng và địa chỉ, hoặc dùng -request. Mã vẫn còn dùng được.", "The centre does not answer. Check network and address, or use -request. The code is still good."},
		{errCodeNone, "Trung tâm không biết mã một lần này.", "The centre does not know this one-time code."},
		{errCodeSpent, "Mã một lần đã dùng hoặc hết hạn, hoặc trung tâm đã có hộp này hay hộp cùng tên. Gọi người vận hành.", "The one-time code was used or has expired, or the centre has this box or its name already. Call the operator."},
		{errBusy, "Trung tâm đang bận. Mã vẫn còn dùng được; thử lại sau ít phút.", "The centre is busy. The code is still good; try again in some minutes."},
		{errNotTaken, "Trung tâm không nhận yêu cầu này. Gọi người vận hành, đọc dòng dưới.", "The centre does not take this request. Call the operator and read out the line below."},
		{sealer.ErrBoard, "Không đọc được mã bí mật của bo mạch (seal.board).", "The board's secret cannot be read (seal.board)."},
		{sealer.ErrTPMMissing, "Không thấy TPM (seal.tpm).", "No TPM is found (seal.tpm)."},
		{sealer.ErrTPMReset, "TPM đã bị xóa hoặc là chip khác. Dùng mã khôi phục hoặc gọi trung tâm.", "The TPM was cleared, or is another one. Use the recovery code or call the centre."},
		{sealer.ErrTPMOwned, "TPM đã có chủ khác. Xóa TPM rồi làm lại.", "The TPM belongs to somebody else. Clear it and start again."},
		{cert.ErrCodeForm, "Mã một lần gõ sai. Kiểm tra lại từng nhóm.", "The one-time code is mistyped. Check each group."},
		{cert.ErrOtherSet, "Các mã QR này thuộc nhiều tệp khác nhau.", "These QR codes belong to different files."},
		{cert.ErrOtherRequest, "Tệp trả lời này thuộc yêu cầu khác (của hộp khác hoặc lần trước). Không có gì thay đổi.", "This answer belongs to another request (of another box, or an earlier one). Nothing has changed."},
		{cert.ErrCode, "Trả lời không khớp mã một lần. Không có gì thay đổi.", "The answer does not fit the one-time code. Nothing has changed."},
		{cert.ErrSignature, "Trả lời bị sửa hoặc không phải của trung tâm. Không có gì thay đổi.", "The answer was changed, or is not the centre's. Nothing has changed."},
		{cert.ErrRoot, "Trả lời không phải của trung tâm này. Không có gì thay đổi.", "The answer is not this centre's. Nothing has changed."},
		{cert.ErrIssuer, "Trả lời không phải của trung tâm này. Không có gì thay đổi.", "The answer is not this centre's. Nothing has changed."},
		{cert.ErrForm, "Không đọc được trả lời: thiếu, hoặc có dòng gõ sai (số dòng ở dưới).", "The answer cannot be read: a part is missing, or lines are mistyped (named below)."},
		{cert.ErrKind, "Đây là tệp loại khác: cần trả lời của trung tâm.", "That is another kind of file: the centre's answer is wanted."},
		{identity.ErrPending, "Hộp này chưa gửi yêu cầu nào. Chạy lệnh với -request trước.", "This box has asked for nothing. Run with -request first."},
		{identity.ErrEnrolled, "Hộp đã thuộc một trung tâm.", "The box belongs to a centre already."},
	}
}

// exportWords are those of exports.
func exportWords() []word {
	return []word{
		{store.ErrNotEmpty, "Hộp này đã có hồ sơ: chỉ nhập được vào hộp trống. Không có gì thay đổi.", "This box has records: only an empty one takes an export. Nothing has changed."},
		{store.ErrImport, "Lần nhập trước bị ngắt giữa chừng. Chạy lại lệnh import với cùng tệp.", "An import was cut off. Run import again with the same file."},
		{errOnePatient, "Đây là bản xuất của một người bệnh hoặc một mục, không làm thành hộp được. Không có gì thay đổi.", "This is the export of one patient or entry, which makes no box. Nothing has changed."},
		{fs.ErrExist, "Đã có tệp ghi ở dưới; không ghi đè. Chọn tên khác. (Tệp .tmp là của một lần xuất bị ngắt: xóa được.)", "The file named below exists and is not written over. Choose another name. (A .tmp is left of an export that was cut: it may go.)"},
		{store.ErrOther, "Tệp đã thay đổi trong lúc đang nhập. Không có gì được nhập; chạy lại.", "The file changed while it was read. Nothing was taken from it; run the command again."},
		{archive.ErrTampered, "Bản xuất KHÔNG còn như hộp đã ghi: bị sửa, hỏng hoặc thiếu. Không có gì được nhập.", "The export is NOT what the box wrote: changed, damaged or cut. Nothing was taken from it."},
		{archive.ErrOrder, "Nhật ký của hộp không khớp với mã băm của nó: KHÔNG có bản xuất nào được ghi, hồ sơ giữ nguyên. Chạy clinicbox check và báo trung tâm.", "The box's journal does not agree with its hashes: NO export was written, the records stay as they are. Run clinicbox check and tell the centre."},
		{archive.ErrKey, "Bản xuất do khóa khác ký: không phải của hộp này. Không có gì được nhập.", "Another key signed the export: it is not of this box. Nothing was taken from it."},
		{archive.ErrForm, "Tệp này không phải bản xuất, bị cắt hoặc do phiên bản mới hơn ghi. Không có gì được nhập.", "This is no export, it was cut, or a newer program wrote it. Nothing was taken from it."},
		{&desk.Error{Code: desk.CodeNotAllowed}, "Chỉ người quản trị được xuất hồ sơ. Chưa ghi gì ra tệp.", "Only an administrator may export records. Nothing was written."},
		{&desk.Error{Code: desk.CodeNoPerson}, "Người này không còn làm việc ở đây, hoặc mở hộp bằng mã khôi phục: hồ sơ một người bệnh cần số và PIN của người quản trị. Chưa ghi gì ra tệp.", "This person does not work here, or the recovery code opened the box: one patient's records need an administrator's number and PIN. Nothing was written."},
		{&desk.Error{Code: desk.CodeNoPatient}, "Không có người bệnh nào mang mã này.", "There is no patient with this identifier."},
		{&desk.Error{Code: desk.CodeProtected}, "Hồ sơ được bảo vệ: cần -reason \"LÝ DO\". Chưa ghi gì ra tệp.", "The record is protected: -reason \"TEXT\" is needed. Nothing was written."},
		{&desk.Error{Code: desk.CodePINWrong}, "Sai mã PIN. Chưa ghi gì ra tệp.", "Wrong PIN. Nothing was written."},
		{&desk.Error{Code: desk.CodePINWait}, "Sai mã PIN nhiều lần: phải chờ. Chưa ghi gì ra tệp.", "Too many wrong PINs: wait. Nothing was written."},
		{&desk.Error{Code: desk.CodePINLocked}, "Mã PIN của người này đã bị khóa sau nhiều lần sai: nhờ người khác mở ở trang Nhân viên. Chưa ghi gì ra tệp.", "This person's PIN is locked after wrong tries: a colleague unlocks it on the page Nhân viên. Nothing was written."},
		{&desk.Error{Code: desk.CodePINUnset}, "Người này chưa có mã PIN trên hộp này. Chưa ghi gì ra tệp.", "This person has no PIN on this box. Nothing was written."},
	}
}

// diskWords are those of the disk; they come last, for others say more.
func diskWords() []word {
	return []word{
		{store.ErrVersion, "Hồ sơ do phiên bản mới hơn ghi. Cài lại phiên bản mới.", "A newer program wrote these records. Install it again."},
		{store.ErrFull, "Hết chỗ trên ổ lưu. Không mất gì; giải phóng chỗ rồi chạy lại.", "The disk is full. Nothing is lost; make room and start again."},
		{syscall.ENOSPC, "Hết chỗ trên ổ lưu. Không mất gì; giải phóng chỗ rồi chạy lại.", "The disk is full. Nothing is lost; make room and start again."},
		{store.ErrReadOnly, "Ổ lưu chỉ còn đọc được: chưa ghi gì, không mất gì. Sửa hoặc thay thẻ nhớ rồi chạy lại.", "The disk can only be read: nothing was written, nothing is lost. Repair it or change the card and run the command again."},
		{syscall.EROFS, "Ổ lưu chỉ còn đọc được: chưa ghi gì, không mất gì. Sửa hoặc thay thẻ nhớ rồi chạy lại.", "The disk can only be read: nothing was written, nothing is lost. Repair it or change the card and run the command again."},
		{fs.ErrPermission, "Không có quyền đọc hoặc ghi.", "Not allowed to read or write."},
		{fs.ErrNotExist, "Không thấy tệp hoặc thư mục ghi ở dưới. Xem lại đường dẫn, và thẻ nhớ hay USB đã được gắn chưa.", "The file or folder named below is not there. Look at the path, and whether card or stick is mounted."},
	}
}
