package hubmain

import (
	"errors"
	"os"

	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/db"
	"clinicbox/hub/pages"
	"clinicbox/hub/registrar"
	"clinicbox/internal/cert"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/spoken"
	"clinicbox/sync/courier"
)

// Words explains an error to an operator in both languages, where there is more to
// say than the error itself does.
func Words(err error) string {
	for _, w := range []struct {
		err    error
		vi, en string
	}{
		{ErrLocked, "Trung tâm đang chạy với thư mục dữ liệu này. Dừng nó trước.", "A centre is already running with this data directory. Stop it first."},
		{db.ErrNewer, "Cơ sở dữ liệu do phiên bản mới hơn ghi. Cài lại phiên bản mới.", "A newer program wrote this database. Install it again."},
		{hub.ErrUnknownBox, "Không có hộp tên như vậy. Xem: clinichub box list.", "No box of that name is registered. See: clinichub box list."},
		{hub.ErrRevoked, "Chứng thư của hộp này đã bị thu hồi.", "The certificate of this box was revoked."},
		{errNothing, "Trung tâm chưa nhận được gì của hộp này.", "Nothing was received from this box."},
		{ErrNoAuthority, "Trung tâm chưa có thẩm quyền cấp chứng thư: clinichub authority request, rồi lễ cấp quyền với khóa gốc (docs/operator.md).", "This centre has no authority yet: clinichub authority request, then the ceremony with the root (docs/operator.md)."},
		{ErrPassphrases, "Hai lần nhập khác nhau, hoặc ngắn hơn 10 ký tự. Không có gì được ghi.", "What was typed differs, or has fewer than 10 characters. Nothing was written."},
		{authority.ErrPassphrase, "Mật khẩu không mở được khóa.", "The passphrase does not open the key."},
		{authority.ErrPerms, "Tệp khóa cho người khác đọc: chmod 600.", "Others may read the key file: chmod 600."},
		{authority.ErrKeys, "Khóa, chứng thư và giấy cấp quyền không khớp nhau. Không có gì thay đổi.", "Keys, certificates and grant do not fit together. Nothing has changed."},
		{authority.ErrUsed, "Mã một lần đã được một hộp khác dùng. Tạo mã mới: clinichub invite.", "The one-time code was used by another box. Make another: clinichub invite."},
		{authority.ErrExpired, "Mã một lần đã hết hạn hoặc đã có mã mới hơn. Tạo mã mới: clinichub invite.", "The one-time code has expired, or there is a newer one. Make another: clinichub invite."},
		{authority.ErrExists, "Một hộp tên này đang hoạt động. Thay máy: thêm -replaces TÊN.", "A box of that name is in service. For a machine in its place add -replaces NAME."},
		{authority.ErrKey, "Khóa này đã có chứng thư của hộp hoặc người khác.", "The key belongs to another box or person already."},
		{authority.ErrMissing, "Trung tâm không biết hộp hoặc số chứng thư này. Xem: clinichub box list, people.", "No such box or certificate. See: clinichub box list, people."},
		{cert.ErrCode, "Trung tâm không biết mã một lần trong yêu cầu này.", "The centre does not know the request's one-time code."},
		{cert.ErrOtherFacility, "Thuộc cơ sở khác: hộp được thay, hoặc người có khóa này.", "Of another facility: the box to be replaced, or the person with this key."},
		{hub.ErrCredential, "Không có khóa nào đang chờ với số này, hoặc nhiều hơn một. Xem: clinichub people.", "No key of that number waits, or more than one does. See: clinichub people."},
		{registrar.ErrProblem, "Khóa này không kiểm chứng được nên không được chứng nhận.", "This key does not verify and is not certified."},
		{hub.ErrNoAnswer, "Hộp tên này không để lại câu trả lời cho mã thử đó. Nhờ người gọi đọc lại cả mã.", "No box of that name left an answer to that challenge. Have the caller read all of it again."},
		{hub.ErrStolen, "Máy đó đã được báo mất cắp. Đừng trả lời người gọi.", "That machine was reported stolen. Do not answer the caller."},
		{spoken.ErrCode, "Mã thử bị nhập sai; số nhóm sai ở dưới.", "The challenge is mistyped; the wrong groups are named below."},
		{cert.ErrVoucher, "Người bảo lãnh không được bảo lãnh khóa này, hoặc đã bị thu hồi.", "Who vouched may not vouch for this key, or was revoked."},
		{cert.ErrNotProvisional, "Khóa này đã được quyết định rồi. Xem: clinichub people.", "This key was decided on already. See: clinichub people."},
		{cert.ErrRevoked, "Chứng thư đã bị thu hồi.", "The certificate was revoked."},
		{cert.ErrIssuer, "Khóa cấp đã ký tệp này không còn được tin hoặc chưa được biết.", "The issuing key that signed this is unknown or withdrawn."},
		{cert.ErrSignature, "Chữ ký không khớp: tệp đã bị sửa. Không có gì thay đổi.", "The signature does not fit: it was changed. Nothing has changed here."},
		{cert.ErrVersion, "Do phiên bản mới hơn tạo ra. Cài phiên bản mới cho trung tâm.", "A newer version made it. Install the newer version at the centre."},
		{authority.ErrKeyFile, "Đây không phải tệp khóa.", "That is no key file."},
		{cert.ErrKind, "Đây là tệp loại khác: cần yêu cầu của một hộp.", "That is another kind of file: a box's request is wanted."},
		{authority.ErrInvitation, "Không mời được với giá trị ghi ở dưới: mã cơ sở 5 ký tự 0-9 A-Z; tên hộp gồm a-z, 0-9 và -; quyển số một ký tự 0-9 a-z; tên và địa chỉ phải là của mạng trong nhà (.local, .lan, .internal, 10…, 192.168…).", "No invitation with the value named below: a facility code is 5 characters 0-9 A-Z, a box name is of a-z, 0-9 and -, a book one character 0-9 a-z, names and addresses those of a local network (.local, .lan, .internal, 10…, 192.168…)."},
		{cert.ErrForm, "Không đọc được: tệp khác loại, thiếu một phần, hoặc bị chép sai.", "It cannot be read: another file, a part of it, or mistyped."},
		{os.ErrExist, "Đã có sẵn ở đó. Không ghi đè.", "There is one already. It is not overwritten."},
		{hub.ErrBoxName, "Tên hộp gồm 1 đến 32 ký tự a-z, 0-9 và -.", "A box name is 1 to 32 of a-z, 0-9 and -."},
		{keyfile.ErrForm, "Tệp khóa không đúng.", "That is no key file."},
		{keyfile.ErrPerms, "Tệp khóa cho người khác đọc: chmod 600.", "Others may read the key file: chmod 600."},
		{ErrRows, "Tệp danh mục có lỗi; các dòng có dấu ! nói chỗ nào. Chưa gửi gì; nếu lỗi nêu tên một hộp thì hộp đó và các hộp sau nó chưa nhận gì. Sửa tệp rồi gửi lại.", "The catalogue's file has errors; the lines with ! say where. Nothing was sent; where the error names a box, nothing to it and those after it. Mend the file and send it again."},
		{ErrSure, "Tệp có điều cần xem lại; các dòng có dấu ? nói chỗ nào. Chưa gửi gì xuống hộp mà lỗi nêu tên và các hộp sau nó. Nếu đúng ý: thêm -sure.", "The file has what must be looked at; the lines with ? say where. Nothing was sent to the box that the error names and those after it. If it is meant: add -sure."},
		{hub.ErrOperator, "Không có người vận hành tên như vậy. Xem: clinichub operator list.", "There is no operator of that name. See: clinichub operator list."},
		{hub.ErrOperatorExists, "Tên này đã được dùng. Lịch sử ghi tên người, nên tên không dùng lại.", "That name was used before. The history names people, so names are not given twice."},
		{hub.ErrOperatorName, "Tên gồm 1 đến 60 ký tự in được.", "A name is 1 to 60 printable characters."},
		{hub.ErrLastOperator, "Đây là người vận hành cuối cùng. Thêm người khác trước.", "This is the last operator. Add another one first."},
		{pages.ErrToken, "Mã vận hành quá ngắn. Xóa tệp để trung tâm tạo mã mới.", "The operator token is too short. Remove the file and the centre makes a new one."},
		{errNotHeld, "Trung tâm KHÔNG giữ mục như vậy: hộp chưa gửi, hoặc giấy không thật. Kiểm tra tại hộp.", "The centre holds NO such entry: the box has not sent it, or the paper is not real. Verify it at the box."},
		{errNotProven, "Giấy KHÔNG chứng minh được (dấu !). Giữ giấy lại; không sửa gì.", "The paper is NOT proven (at !). Keep the paper; repair nothing."},
		{courier.ErrNone, "Thẻ nhớ này chưa có thư mục clinicbox-courier: chưa hộp nào ghi vào. Chuẩn bị thẻ: clinichub courier export -all DIR.", "This stick has no folder clinicbox-courier: no box wrote to it. Prepare one: clinichub courier export -all DIR."},
		{courier.ErrFull, "Thẻ nhớ đầy. Phần đã ghi dùng được; xóa bớt tệp khác hoặc dùng thẻ lớn hơn rồi làm lại.", "The stick is full. What was written is good; remove other files or take a larger one, and do it again."},
		{courier.ErrReadOnly, "Thẻ nhớ không cho ghi: gạt khóa ghi, hoặc đổi thẻ. Những gì đã nhận vẫn được giữ.", "The stick takes no data: move its switch, or take another. What was taken in is kept."},
		{courier.ErrDamaged, "Thẻ nhớ không trả lại đúng những gì đã ghi. Dùng thẻ khác.", "The stick does not give back what was written. Take another."},
		{courier.ErrGone, "Thẻ nhớ bị rút ra hoặc bị hỏng. Những gì đã nhận vẫn được giữ; cắm lại rồi làm lại.", "The stick was pulled out, or is damaged. What was taken in is kept; plug it in and do it again."},
		{errEmptyStick, "Thẻ nhớ chưa nêu tên hộp nào: thêm -box, -facility hoặc -all.", "The stick names no box yet: add -box, -facility or -all."},
		{errStickBox, "Có phần không dùng được (dấu !). Mọi phần khác đã được nhận và ghi.", "Some of it could not be used (at !). All else was taken in and written."},
		{ErrDamage, "Bản ghi ở trung tâm bị hỏng; dòng có dấu ! nói chỗ nào. Đừng sửa tay. Dừng trung tâm, giữ lại bản sao của hub.db, rồi khôi phục bản sao lưu gần nhất còn sạch: các hộp sẽ tự gửi lại phần còn thiếu.", "Records at the centre are damaged; the lines with ! say where. Repair nothing by hand. Stop the centre, keep a copy of hub.db, and restore the latest backup that is clean: the boxes send again what it lacks."},
		{os.ErrPermission, "Không có quyền đọc hoặc ghi.", "Not allowed to read or write."},
		{os.ErrNotExist, "Không có tệp này.", "There is no such file."},
	} {
		if errors.Is(err, w.err) {
			return w.vi + "\n" + w.en + "\n(" + err.Error() + ")"
		}
	}
	return err.Error()
}
