-- SPDX-License-Identifier: GPL-2.0
-- Shows RMAP frames (EtherType 0x88B5) and MemX's memory protocol in Wireshark and tshark.
--
-- usage: wireshark -X lua_script:rmap.lua FILE; or put it into a folder for plugins (Help, About, Folders)
--
-- docs/rmap-protocol.md explains what is shown. What is called malformed here is what rmp_decode() drops, checked in
-- its order; tests/checks/dissector compares the two, with Wireshark 4.0. Numbers of 64 bits are
-- Wireshark's UInt64, and no operator is used that one of the versions of Lua lacks.

-- BEGIN: made by tests/wire/lua-table from the C headers; do not edit
local const = {
	ETHERTYPE = 34997,
	VERSION = 1,
	HDR_LEN = 120,
	PAGE = 4096,
	MSG_MAX = 132096,
	FRAGS_MAX = 128,
	WINDOW = 128,
	NAME_LEN = 64,
	HS_LEN = 72,
	FRAG_MIN = 1032,
	FRAG_MAX = 61440,
}
local types = {
	[1] = "SOLICIT",
	[2] = "ANNOUNCE",
	[3] = "HELLO",
	[4] = "WELCOME",
	[5] = "REQ",
	[6] = "REP",
	[7] = "ACK",
	[8] = "RESET",
	[9] = "BYE",
}
local flags = {
	{ name = "SUM", bit = 1 },
	{ name = "WANT_ACK", bit = 2 },
	{ name = "REPLY", bit = 4 },
	{ name = "PENDING", bit = 8 },
	{ name = "KEYED", bit = 16 },
	{ name = "VOID", bit = 32 },
}
local rules = {
	SOLICIT = { flags = 17 },
	ANNOUNCE = { flags = 17, name = true },
	HELLO = { flags = 17, msg = true, size = true, pad = true },
	WELCOME = { flags = 17, peer = true, msg = true, size = true, pad = true },
	REQ = { flags = 51, peer = true, msg = true, frag = true, size = true },
	REP = { flags = 51, peer = true, msg = true, frag = true, size = true },
	ACK = { flags = 31, peer = true, msg = true, size = true },
	RESET = { flags = 17, peer = true },
	BYE = { flags = 17 },
}
local ports = {
	[1] = "MEMORY",
	[2] = "OWNER",
}
local rmp_hdr_fields = {
	{ name = "version", at = 0, size = 1, shown = "DEC", title = "Version" },
	{ name = "type", at = 1, size = 1, shown = "DEC", title = "Type" },
	{ name = "flags", at = 2, size = 1, shown = "HEX", title = "Flags" },
	{ name = "hlen", at = 3, size = 1, shown = "DEC", title = "Header length in 8 bytes" },
	{ name = "plen", at = 4, size = 2, shown = "DEC", title = "Payload bytes in this frame" },
	{ name = "back", at = 6, size = 2, shown = "DEC", title = "Ids back to the lowest open one" },
	{ name = "node", at = 8, size = 8, shown = "HEX", title = "Sender's node" },
	{ name = "inc", at = 16, size = 4, shown = "HEX", title = "Sender's incarnation" },
	{ name = "peer_inc", at = 20, size = 4, shown = "HEX", title = "Receiver's incarnation" },
	{ name = "msg", at = 24, size = 8, shown = "DEC", title = "Message id" },
	{ name = "volume", at = 32, size = 8, shown = "HEX", title = "Volume" },
	{ name = "epoch", at = 40, size = 4, shown = "DEC", title = "Epoch of the volume" },
	{ name = "credit", at = 44, size = 2, shown = "DEC", title = "Credit in pages" },
	{ name = "port", at = 46, size = 2, shown = "DEC", title = "Port" },
	{ name = "msg_len", at = 48, size = 4, shown = "DEC", title = "Payload bytes of the message" },
	{ name = "frag_size", at = 52, size = 2, shown = "DEC", title = "Fragment size" },
	{ name = "frag_no", at = 54, size = 2, shown = "DEC", title = "Fragment number" },
	{ name = "stamp", at = 56, size = 4, shown = "DEC", title = "Sender's clock in us" },
	{ name = "echo", at = 60, size = 4, shown = "DEC", title = "Stamp of the frame answered" },
	{ name = "head", at = 64, size = 32, shown = "BYTES", title = "Application head" },
	{ name = "nonce", at = 96, size = 8, shown = "HEX", title = "Key id and counter" },
	{ name = "tag", at = 104, size = 16, shown = "BYTES", title = "Integrity tag" },
}
local mx_req_fields = {
	{ name = "op", at = 0, size = 1, shown = "DEC", title = "Operation" },
	{ name = "flags", at = 1, size = 1, shown = "HEX", title = "Flags" },
	{ name = "npages", at = 2, size = 2, shown = "DEC", title = "Pages" },
	{ name = "gen", at = 4, size = 4, shown = "DEC", title = "Generation of the chunk" },
	{ name = "page", at = 8, size = 8, shown = "DEC", title = "First page" },
	{ name = "arg", at = 16, size = 8, shown = "DEC", title = "Argument" },
	{ name = "arg2", at = 24, size = 8, shown = "HEX", title = "Second argument" },
}
local mx_rep_fields = {
	{ name = "status", at = 0, size = 2, shown = "DEC", title = "Status" },
	{ name = "op", at = 2, size = 1, shown = "DEC", title = "Operation" },
	{ name = "load", at = 3, size = 1, shown = "DEC", title = "Load of the server, of 255" },
	{ name = "mask", at = 4, size = 4, shown = "HEX", title = "Pages ever written" },
	{ name = "free", at = 8, size = 8, shown = "DEC", title = "Pages the server can promise" },
	{ name = "vol_pages", at = 16, size = 8, shown = "DEC", title = "Pages stored for the volume" },
	{ name = "arg", at = 24, size = 8, shown = "DEC", title = "Argument" },
}
local mx_advert_fields = {
	{ name = "roles", at = 0, size = 1, shown = "HEX", title = "Roles" },
	{ name = "load", at = 1, size = 1, shown = "DEC", title = "Load, of 255" },
	{ name = "flags", at = 2, size = 2, shown = "HEX", title = "Flags" },
	{ name = "reserved", at = 4, size = 4, shown = "HEX", title = "Reserved" },
	{ name = "capacity", at = 8, size = 8, shown = "DEC", title = "Capacity in pages" },
	{ name = "free", at = 16, size = 8, shown = "DEC", title = "Pages it can promise" },
	{ name = "used", at = 24, size = 8, shown = "DEC", title = "Pages stored" },
}
local op_names = {
	[1] = "OPEN",
	[2] = "DROP",
	[3] = "READ",
	[4] = "WRITE",
	[5] = "DISCARD",
	[6] = "STAT",
	[7] = "SETGEN",
	[8] = "LIST",
	[9] = "BITMAP",
	[10] = "ROSTER",
	[11] = "LOOK",
	[12] = "RESERVE",
}
local status_names = {
	[0] = "OK",
	[1] = "FULL",
	[2] = "NOVOL",
	[3] = "STALE",
	[4] = "INVAL",
	[5] = "AGAIN",
	[6] = "NOCHUNK",
	[7] = "OLDGEN",
	[8] = "HELD",
}
local role_names = {
	[1] = "SERVER",
	[2] = "CLIENT",
}
local op_flag_names = {
	[1] = "RELEASE",
	[2] = "SEALED",
	[4] = "PLACE",
	[8] = "TENTATIVE",
	[16] = "FEATURES",
	[32] = "TELL",
}
-- END

local rmap = Proto("rmap", "RMAP, reliable messages of MemX")
local memx = Proto("memx", "MemX memory protocol")

rmap.prefs.check_tag = Pref.bool("Verify integrity tags", true,
	"Compute the xxh64 of each frame without keys; takes about half a millisecond a full frame")

-- ---------------------------------------------------------------- fields

local function swapped(names)
	local by_name = {}

	for value, name in pairs(names) do by_name[name] = value end
	return by_name
end

local type_no = swapped(types)
local op_no = swapped(op_names)
local role_no = swapped(role_names)

-- Names for the values of some fields.
local value_names = {
	["rmap.type"] = types,
	["rmap.port"] = ports,
	["memx.req.op"] = op_names,
	["memx.rep.op"] = op_names,
	["memx.rep.status"] = status_names,
}
local makers = { [1] = ProtoField.uint8, [2] = ProtoField.uint16, [4] = ProtoField.uint32, [8] = ProtoField.uint64 }

local function make_field(abbr, field)
	if field.shown == "BYTES" then
		return ProtoField.bytes(abbr, field.title)
	end
	return makers[field.size](abbr, field.title, base[field.shown], value_names[abbr])
end

-- Adds to @group what @fields describes, by name. Returns where each field lies.
local function make_fields(group, prefix, fields)
	local places = {}

	for _, field in ipairs(fields) do
		group[field.name] = make_field(prefix .. field.name, field)
		places[field.name] = field
	end
	return places
end

local f = {}
local place = make_fields(f, "rmap.", rmp_hdr_fields)
for _, flag in ipairs(flags) do
	f["flag_" .. flag.name] = ProtoField.bool("rmap.flags." .. flag.name:lower(), flag.name, 8, nil, flag.bit)
end
-- What HELLO and WELCOME use fields for that mean something else in other frames.
f.open = ProtoField.uint64("rmap.open", "Lowest open id", base.DEC)
f.birth = ProtoField.uint64("rmap.birth", "Birth", base.DEC)
f.features = ProtoField.uint32("rmap.features", "Features of the sender", base.HEX)
f.proven = ProtoField.uint16("rmap.proven", "Frame size being proven", base.DEC)
f.handshake = ProtoField.bytes("rmap.handshake", "Handshake")
f.host = ProtoField.string("rmap.host", "Host name")
f.payload = ProtoField.bytes("rmap.payload", "Payload")
f.later = ProtoField.bytes("rmap.later", "Fields of a later version")
f.padding = ProtoField.uint32("rmap.padding", "Padding bytes", base.DEC)
f.bitmap = ProtoField.bytes("rmap.bitmap", "Bitmap")
f.fragments = ProtoField.uint16("rmap.fragments", "Fragments of the message", base.DEC)
f.missing = ProtoField.string("rmap.missing", "Missing fragments")
f.lowest = ProtoField.uint64("rmap.lowest", "Lowest open id of the requester", base.DEC)
f.tag_status = ProtoField.string("rmap.tag.status", "Tag")
f.malformed = ProtoField.string("rmap.malformed", "Malformed")
f.request_in = ProtoField.framenum("rmap.request_in", "Request in", base.NONE, frametype.REQUEST)
f.response_in = ProtoField.framenum("rmap.response_in", "Response whole in", base.NONE, frametype.RESPONSE)
f.repeat_of = ProtoField.framenum("rmap.repeat_of", "Repeats", base.NONE, frametype.RETRANS_PREV)
f.time = ProtoField.relative_time("rmap.time", "Time from request to whole response")
rmap.fields = f

local bad_frame = ProtoExpert.new("rmap.expert.malformed", "A receiver drops this frame", expert.group.MALFORMED,
	expert.severity.ERROR)
local bad_tag = ProtoExpert.new("rmap.expert.tag", "The integrity tag does not match", expert.group.CHECKSUM,
	expert.severity.ERROR)
local sent_again = ProtoExpert.new("rmap.expert.repeated", "This fragment was sent before", expert.group.SEQUENCE,
	expert.severity.NOTE)
rmap.experts = { bad_frame, bad_tag, sent_again }

local req_fields, rep_fields, advert_fields = {}, {}, {}
local memx_fields = {}
local req_place = make_fields(req_fields, "memx.req.", mx_req_fields)
local rep_place = make_fields(rep_fields, "memx.rep.", mx_rep_fields)
local advert_place = make_fields(advert_fields, "memx.advert.", mx_advert_fields)
local volume_name = ProtoField.string("memx.volume_name", "Name of the volume")
for _, group in ipairs({ req_fields, rep_fields, advert_fields, { volume_name } }) do
	for _, field in pairs(group) do table.insert(memx_fields, field) end
end
memx.fields = memx_fields

-- ---------------------------------------------------------------- small helpers

-- Whether @bit, a power of two, is set in @word.
local function has(word, bit)
	return math.floor(word / bit) % 2 == 1
end

local function pages(n)
	return tostring(n) .. (tostring(n) == "1" and " page" or " pages")
end

-- The numbers from 0 to @n - 1 for which @missing is true, as "0, 3-7".
local function list_of(n, missing)
	local parts = {}
	local i = 0

	while i < n do
		local first = i

		while i < n and missing(i) do i = i + 1 end
		if i - first == 1 then
			table.insert(parts, string.format("%d", first))
		elseif i > first then
			table.insert(parts, string.format("%d-%d", first, i - 1))
		else
			i = i + 1
		end
	end
	return table.concat(parts, ", ")
end

-- The names of the bits set in @word: @names by bit.
local function bit_names(word, names)
	local set = {}

	for bit = 0, 7 do
		local name = names[2 ^ bit]

		if has(word, 2 ^ bit) then table.insert(set, name or string.format("0x%02x", 2 ^ bit)) end
	end
	return table.concat(set, "|")
end

-- ---------------------------------------------------------------- layout of fragments, as in rmp_codec.c

local function frag_valid(size)
	return size >= const.FRAG_MIN and size <= const.FRAG_MAX and size % 8 == 0
end

local function frag_count(len, size)
	return len == 0 and 1 or math.ceil(len / size)
end

-- Payload bytes in fragment @no.
local function frag_bytes(len, size, no)
	return math.min(size, len - no * size)
end

-- ---------------------------------------------------------------- the rules of rmp_decode()

local function read_header(tvb)
	local h = {}

	for _, field in ipairs(rmp_hdr_fields) do
		local range = tvb(field.at, field.size)

		if field.shown == "BYTES" then
			h[field.name] = range
		elseif field.size == 8 then
			h[field.name] = range:uint64()
		else
			h[field.name] = range:uint()
		end
	end
	h.bytes = h.hlen * 8
	return h
end

local function id_fault(h)
	if h.msg == UInt64(0) or h.msg:higher() >= 0x80000000 then
		return "id", "a message id is from 1 to 2^63 - 1"
	end
	if h.type == type_no.REQ or (h.type == type_no.ACK and h.has_REPLY) then
		if h.back >= const.WINDOW or UInt64(h.back) >= h.msg then
			return "back", "the lowest open id is out of range"
		end
	end
end

local function fragment_fault(h)
	if h.has_VOID and h.msg_len > 0 then
		return "msg_len", "a payload, although it is given up"
	end
	if h.msg_len > const.MSG_MAX then
		return "msg_len", "longer than the longest message"
	end
	if h.frag_no >= frag_count(h.msg_len, h.frag_size) then
		return "frag_no", "the message has no such fragment"
	end
	if h.plen ~= frag_bytes(h.msg_len, h.frag_size, h.frag_no) then
		return "plen", "this fragment of the message has another length"
	end
end

local function payload_fault(h, rule, len)
	if h.bytes < const.HDR_LEN then
		return "hlen", "the header is shorter than version 1's"
	end
	if h.bytes + h.plen > len then
		return "length", "header and payload are longer than the frame"
	end
	if rule.frag then return fragment_fault(h) end
	if rule.name then
		if h.plen > const.NAME_LEN then return "name", "the host name is too long" end
		return
	end
	if rule.pad then
		if h.bytes + h.frag_size > len then return "pad", "not padded to the size that it proves" end
		if h.plen ~= (h.has_KEYED and const.HS_LEN or 0) then
			return "payload", "the payload of this type is a handshake, if there are keys"
		end
		return
	end
	if h.plen > 0 then return "payload", "this type has no payload" end
end

-- Whether a receiver drops the frame. Returns nil, or a word and what is wrong.
local function fault(h, len)
	if not types[h.type] then return "type", "unknown type" end
	local rule = rules[types[h.type]]
	for bit = 0, 7 do
		if has(h.flags, 2 ^ bit) and not has(rule.flags, 2 ^ bit) then
			return "flags", "a flag that this type does not have"
		end
	end
	if h.has_PENDING and h.has_REPLY then return "flags", "PENDING and REPLY exclude each other" end
	if h.has_KEYED and h.has_SUM then return "flags", "a tag is a sum or made with a key" end
	if not h.has_KEYED and h.nonce ~= UInt64(0) then return "nonce", "a nonce, but no key" end
	if h.node == UInt64(0) then return "node", "the node may not be 0" end
	if h.inc == 0 then return "inc", "the incarnation may not be 0" end
	if rule.peer and h.peer_inc == 0 then
		return "peer_inc", "this type must name the receiver's incarnation"
	end
	if rule.size and not frag_valid(h.frag_size) then return "frag_size", "no rule gives this fragment size" end
	if rule.msg then
		local word, why = id_fault(h)
		if word then return word, why end
	end
	return payload_fault(h, rule, len)
end

-- ---------------------------------------------------------------- the integrity tag: xxh64, seed 0

local P1 = UInt64.fromhex("9e3779b185ebca87")
local P2 = UInt64.fromhex("c2b2ae3d27d4eb4f")
local P3 = UInt64.fromhex("165667b19e3779f9")
local P4 = UInt64.fromhex("85ebca77c2b2ae63")
local P5 = UInt64.fromhex("27d4eb2f165667c5")
local ZERO = UInt64(0)

local function xxh_round(acc, word)
	return (acc + word * P2):rol(31) * P1
end

local function xxh_merge(acc, lane)
	return acc:bxor(xxh_round(ZERO, lane)) * P1 + P4
end

local function xxh_avalanche(acc)
	acc = acc:bxor(acc:rshift(33)) * P2
	acc = acc:bxor(acc:rshift(29)) * P3
	return acc:bxor(acc:rshift(32))
end

-- The last bytes, fewer than 32, from @pos to @len.
local function xxh_tail(acc, tvb, word_at, pos, len)
	while pos + 8 <= len do
		acc = acc:bxor(xxh_round(ZERO, word_at(pos))):rol(27) * P1 + P4
		pos = pos + 8
	end
	if pos + 4 <= len then
		acc = acc:bxor(UInt64(tvb(pos, 4):le_uint()) * P1):rol(23) * P2 + P3
		pos = pos + 4
	end
	while pos < len do
		acc = acc:bxor(UInt64(tvb(pos, 1):uint()) * P5):rol(11) * P1
		pos = pos + 1
	end
	return acc
end

-- Of the first @len bytes, more than 32, with the tag as zeros. The tag and the header end at multiples of 8.
local function xxh64(tvb, len)
	local tag, tag_end = place.tag.at, place.tag.at + place.tag.size
	local lane = { P1 + P2, P2, ZERO, ZERO - P1 }
	local pos = 0

	local function word_at(at)
		if at >= tag and at < tag_end then return ZERO end
		return tvb(at, 8):le_uint64()
	end

	while pos + 32 <= len do
		for i = 1, 4 do
			lane[i] = xxh_round(lane[i], word_at(pos))
			pos = pos + 8
		end
	end
	local acc = lane[1]:rol(1) + lane[2]:rol(7) + lane[3]:rol(12) + lane[4]:rol(18)
	for i = 1, 4 do acc = xxh_merge(acc, lane[i]) end
	acc = acc + UInt64(len)
	return xxh_avalanche(xxh_tail(acc, tvb, word_at, pos, len))
end

-- "good", "bad", or nil if it is not to be or cannot be told.
local function tag_status(tvb, h)
	local len = h.bytes + (h.has_SUM and h.plen or 0)

	if not rmap.prefs.check_tag or h.has_KEYED or tvb:captured_len() < len then return nil end
	if h.tag(0, 8):uint64() ~= xxh64(tvb, len) then return "bad" end
	for at = 8, place.tag.size - 8, 8 do
		if h.tag(at, 8):uint64() ~= ZERO then return "bad" end
	end
	return "good"
end

-- ---------------------------------------------------------------- requests and their replies

-- By the incarnations of requester and responder, which stand for the two nodes, and the message id: a frame names its
-- receiver by nothing else. Each entry is about one request:
--   first, at   number and time of the frame that first carried a part of it
--   sent        frame in which each fragment was first seen, by fragmentation and number
--   got, left   reply fragments seen, how many are not, and of which fragmentation (cut)
--   whole       number of the frame that made the reply whole
local exchanges = {}
-- What was found out about a frame, by its number: its exchange, what it repeats, the time to the reply.
local known = {}

function rmap.init()
	exchanges = {}
	known = {}
end

local function exchange_key(h)
	local from, to = h.inc, h.peer_inc

	if h.type == type_no.REP or (h.type == type_no.ACK and not h.has_REPLY) then from, to = to, from end
	return string.format("%d %d ", from, to) .. tostring(h.msg)
end

local function note_request(x, h, number, found)
	local part = string.format("%d %d", h.frag_size, h.frag_no)

	found.repeats = x.sent[part]
	x.sent[part] = x.sent[part] or number
end

local function note_reply(x, h, number, pinfo, found)
	local cut = string.format("%d %d", h.frag_size, h.msg_len)

	if x.whole then return end
	if x.cut ~= cut then
		x.cut, x.got, x.left = cut, {}, frag_count(h.msg_len, h.frag_size)
	end
	if x.got[h.frag_no] then return end
	x.got[h.frag_no] = true
	x.left = x.left - 1
	if x.left == 0 then
		x.whole = number
		found.time = pinfo.rel_ts - x.at
	end
end

-- On the first pass over a capture, which is in order.
local function note_exchange(h, pinfo)
	local number = pinfo.number
	local key = exchange_key(h)
	local x = exchanges[key]
	local found = {}

	if not x and h.type == type_no.REQ then
		x = { first = number, at = pinfo.rel_ts, sent = {} }
		exchanges[key] = x
	end
	known[number] = found
	if not x then return end
	found.exchange = x
	if h.type == type_no.REQ then
		note_request(x, h, number, found)
	elseif h.type == type_no.REP then
		note_reply(x, h, number, pinfo, found)
	end
end

local function show_exchange(tree, h, pinfo)
	if not pinfo.visited then note_exchange(h, pinfo) end
	local found = known[pinfo.number]
	local x = found and found.exchange

	if not x then return end
	if x.first ~= pinfo.number then tree:add(f.request_in, x.first):set_generated() end
	if x.whole and x.whole ~= pinfo.number then tree:add(f.response_in, x.whole):set_generated() end
	if found.time then
		local ns = math.floor(found.time * 1e9 + 0.5)
		tree:add(f.time, NSTime(math.floor(ns / 1e9), ns % 1e9)):set_generated()
	end
	if found.repeats then
		local item = tree:add(f.repeat_of, found.repeats):set_generated()
		item:add_proto_expert_info(sent_again)
		pinfo.cols.info:append(" (again)")
	end
end

-- ---------------------------------------------------------------- the memory protocol

local function add_fields(tree, head, fields, group)
	for _, field in ipairs(fields) do tree:add(group[field.name], head(field.at, field.size)) end
end

local function value_of(head, field)
	local range = head(field.at, field.size)

	return field.size == 8 and range:uint64() or range:uint()
end

local function operation_text(head)
	local op = value_of(head, req_place.op)
	local page, arg = tostring(value_of(head, req_place.page)), tostring(value_of(head, req_place.arg))
	local npages, gen = value_of(head, req_place.npages), value_of(head, req_place.gen)
	local text = op_names[op] or string.format("operation %d", op)
	local of_gen = gen ~= 0 and string.format(" gen %d", gen) or ""

	if op == op_no.READ or op == op_no.WRITE then
		return string.format("%s %s at %s%s", text, pages(npages), page, of_gen)
	elseif op == op_no.DISCARD then
		return string.format("%s %s at %s%s", text, pages(arg), page, of_gen)
	elseif op == op_no.SETGEN or op == op_no.BITMAP then
		return string.format("%s at %s%s", text, page, of_gen)
	elseif op == op_no.LIST or op == op_no.LOOK then
		return string.format("%s from chunk %s", text, page)
	elseif op == op_no.RESERVE then
		return string.format("%s %s chunks of %s", text, arg, tostring(value_of(head, req_place.arg2)))
	elseif op == op_no.OPEN then
		return string.format("%s %s, chunks of 2^%s", text, pages(page), arg)
	end
	return text
end

local function request_text(head)
	local flags = bit_names(value_of(head, req_place.flags), op_flag_names)

	return operation_text(head) .. (flags ~= "" and " " .. flags or "")
end

local function reply_text(head)
	local op, status = value_of(head, rep_place.op), value_of(head, rep_place.status)
	local arg = value_of(head, rep_place.arg)

	return string.format("%s %s%s", op_names[op] or string.format("operation %d", op),
		status_names[status] or string.format("status %d", status),
		arg ~= ZERO and string.format(" 0x%s", arg:tohex()) or "")
end

local function advert_text(head)
	local roles = value_of(head, advert_place.roles)
	local text = bit_names(roles, role_names):lower()

	if roles % (2 * role_no.SERVER) >= role_no.SERVER then
		text = string.format("%s, %s of %s free", text, tostring(value_of(head, advert_place.free)),
			pages(value_of(head, advert_place.capacity)))
	end
	return text
end

-- What the application says in the head, as a tree of its own. Returns a summary.
local function show_memory(root, head, fields, group, text)
	local tree = root:add(memx, head, "MemX memory protocol: " .. text)

	add_fields(tree, head, fields, group)
	return text, tree
end

local function show_head(root, tree, tvb, h)
	local is_rep = h.type == type_no.REP

	if ports[h.port] ~= "MEMORY" then
		tree:add(f.head, h.head)
		return string.format("port %d", h.port)
	end
	if is_rep then
		return show_memory(root, h.head, mx_rep_fields, rep_fields, reply_text(h.head))
	end
	local text, sub = show_memory(root, h.head, mx_req_fields, req_fields, request_text(h.head))
	if value_of(h.head, req_place.op) == op_no.OPEN and h.plen > 0 and tvb:captured_len() >= h.bytes + h.plen then
		sub:add(volume_name, tvb(h.bytes, h.plen))
		text = string.format('%s "%s"', text, tvb(h.bytes, h.plen):string())
	end
	return text
end

local function show_advert(root, h)
	for at = 0, place.head.size - 8, 8 do
		if h.head(at, 8):uint64() ~= ZERO then
			return show_memory(root, h.head, mx_advert_fields, advert_fields, advert_text(h.head))
		end
	end
	return "no advert"
end

-- ---------------------------------------------------------------- what a frame says, by type

-- Each: (root, tree, tvb, h) -> text for the info column. The frame is not malformed.
local show = {}

function show.SOLICIT()
	return "who is there?"
end

function show.BYE()
	return "this node is leaving"
end

function show.RESET(_, _, _, h)
	return string.format("no session between %08x and %08x", h.inc, h.peer_inc)
end

function show.ANNOUNCE(root, tree, tvb, h)
	local text = show_advert(root, h)

	if h.plen == 0 or tvb:captured_len() < h.bytes + h.plen then return text end
	tree:add(f.host, tvb(h.bytes, h.plen))
	return string.format("%s: %s", tvb(h.bytes, h.plen):string(), text)
end

function show.HELLO(root, tree, tvb, h)
	if h.plen > 0 and tvb:captured_len() >= h.bytes + h.plen then tree:add(f.handshake, tvb(h.bytes, h.plen)) end
	return string.format("size %d, born %s, open from %s; %s", h.frag_size, tostring(h.volume), tostring(h.msg),
		show_advert(root, h))
end

show.WELCOME = show.HELLO

local function show_lowest(tree, h)
	tree:add(f.lowest, h.msg - UInt64(h.back)):set_generated()
end

function show.REQ(root, tree, tvb, h)
	local n = frag_count(h.msg_len, h.frag_size)
	local text

	if h.has_VOID and h.type == type_no.REP then
		text = string.format("%s not executed", tostring(h.msg))
	else
		text = string.format("%s %d/%d %s", tostring(h.msg), h.frag_no, n, show_head(root, tree, tvb, h))
	end

	tree:add(f.fragments, n):set_generated()
	if h.type == type_no.REQ then show_lowest(tree, h) end
	if h.plen > 0 and tvb:captured_len() >= h.bytes + h.plen then tree:add(f.payload, tvb(h.bytes, h.plen)) end
	return text
end

show.REP = show.REQ

-- Fragments known to have arrived: two words, the lowest bit of the first is fragment 0.
local function arrived(h, no)
	local word, bit = math.floor(no / 64), no % 64
	local byte = h.head(word * 8 + 7 - math.floor(bit / 8), 1):uint()

	return has(byte, 2 ^ (bit % 8))
end

function show.ACK(_, tree, _, h)
	-- The decoder leaves the length in an ACK alone.
	local n = h.msg_len <= const.MSG_MAX and frag_count(h.msg_len, h.frag_size) or const.FRAGS_MAX
	local missing = list_of(n, function(no) return not arrived(h, no) end)
	local any = list_of(const.FRAGS_MAX, function(no) return arrived(h, no) end) ~= ""

	tree:add(f.bitmap, h.head(0, const.FRAGS_MAX / 8))
	if h.has_REPLY then show_lowest(tree, h) end
	if h.has_REPLY and not any then
		return string.format("%s nothing open below", tostring(h.msg))
	end
	tree:add(f.fragments, n):set_generated()
	if h.has_PENDING then
		return string.format("%s is being executed", tostring(h.msg))
	end
	tree:add(f.missing, missing):set_generated()
	return string.format("%s %s", tostring(h.msg),
		missing ~= "" and "missing " .. missing .. string.format(" of %d", n) or "whole")
end

-- ---------------------------------------------------------------- the header

-- What is not shown under its own name, by type.
local session_names = { msg = "open", volume = "birth", epoch = "features", frag_size = "proven" }

local function show_flags(tree, range)
	local item = tree:add(f.flags, range)

	for _, flag in ipairs(flags) do item:add(f["flag_" .. flag.name], range) end
end

local function show_header(tree, tvb, h)
	local in_session = types[h.type] == "HELLO" or types[h.type] == "WELCOME"

	for _, field in ipairs(rmp_hdr_fields) do
		local range = tvb(field.at, field.size)
		local name = in_session and session_names[field.name] or field.name

		if name == "flags" then
			show_flags(tree, range)
		elseif name ~= "head" then
			tree:add(f[name], range)
		end
	end
end

-- Beyond what version 1 knows: a longer header, then padding after the payload.
local function show_rest(tree, tvb, h, len)
	local beyond = len - h.bytes - h.plen

	if h.bytes > const.HDR_LEN and tvb:captured_len() >= h.bytes then
		tree:add(f.later, tvb(const.HDR_LEN, h.bytes - const.HDR_LEN))
	end
	if beyond > 0 then tree:add(f.padding, beyond):set_generated() end
end

local function show_fault(tree, pinfo, word, why)
	local item = tree:add(f.malformed, word):set_generated()

	item:append_text(": " .. why)
	item:add_proto_expert_info(bad_frame, why)
	pinfo.cols.info:prepend(string.format("[malformed: %s] ", word))
end

local function show_tag(tree, pinfo, tvb, h)
	local status = tag_status(tvb, h)

	if not status then return true end
	local item = tree:add(f.tag_status, status):set_generated()
	if status == "good" then return true end
	item:add_proto_expert_info(bad_tag)
	pinfo.cols.info:prepend("[wrong tag] ")
	return false
end

local function read_flags(h)
	local words = {}

	for _, flag in ipairs(flags) do
		h["has_" .. flag.name] = has(h.flags, flag.bit)
		if h["has_" .. flag.name] and flag.name ~= "SUM" then table.insert(words, "|" .. flag.name) end
	end
	return table.concat(words)
end

-- A frame that has a header of version 1.
local function show_frame(root, tree, tvb, pinfo)
	local len = tvb:reported_len()
	local h = read_header(tvb)
	local name = (types[h.type] or string.format("type %d", h.type)) .. read_flags(h)
	local word, why = fault(h, len)

	tree:append_text(", " .. name)
	pinfo.cols.info = name
	show_header(tree, tvb, h)
	if word then
		tree:add(f.head, h.head)
		show_fault(tree, pinfo, word, why)
		return
	end
	local text = show[types[h.type]](root, tree, tvb, h)
	tree:append_text(" " .. text)
	pinfo.cols.info:append(" " .. text)
	show_rest(tree, tvb, h, len)
	-- A receiver drops a frame with a wrong tag, so it is no part of an exchange.
	if show_tag(tree, pinfo, tvb, h) and (name:find("^REQ") or name:find("^REP") or name:find("^ACK")) then
		show_exchange(tree, h, pinfo)
	end
end

function rmap.dissector(tvb, pinfo, root)
	local tree = root:add(rmap, tvb())

	pinfo.cols.protocol = "RMAP"
	pinfo.cols.info = ""
	if tvb:reported_len() < const.HDR_LEN then
		show_fault(tree, pinfo, "short", "shorter than a header")
	elseif tvb:captured_len() < const.HDR_LEN then
		pinfo.cols.info = "[header not captured]"
	elseif tvb(place.version.at, place.version.size):uint() ~= const.VERSION then
		tree:add(f.version, tvb(place.version.at, place.version.size))
		show_fault(tree, pinfo, "version", "another version of the protocol")
	else
		show_frame(root, tree, tvb, pinfo)
	end
	return tvb:captured_len()
end

DissectorTable.get("ethertype"):add(const.ETHERTYPE, rmap)
