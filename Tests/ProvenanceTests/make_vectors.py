#!/usr/bin/env python3
"""Writes Vectors/provenance.json: receipts, tickets, log entries, trees, notes and bundles.

It shares nothing with the program: bytes are packed with `struct`, hashed with `hashlib` and signed with the package
`cryptography` (Ed25519). Signatures are deterministic, so the file is the same each time.

    python3 make_vectors.py > Vectors/provenance.json
"""
import base64
import hashlib
import json
import struct

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def sha(data):
    return hashlib.sha256(data).digest()


def b64(data):
    return base64.b64encode(data).decode()


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    def __init__(self, seed):
        self.seed = seed
        self.private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message):
        return self.private.sign(message)


WORKER, APP, EXCHANGE, OTHER = (Key(sha(name)) for name in [b"worker", b"app", b"exchange", b"other"])


# Receipts

def adjusted(weights, prompt, cached, completion, reasoning):
    wp, wc, wo, wr = weights
    return ((prompt - cached) * wp + cached * wc + (completion - reasoning) * wo + reasoning * wr) // 10_000


COCOON = (10_000, 1_000, 80_000, 80_000)

RECEIPT_NUMBERS = ["prompt", "completion", "cached", "reasoning", "price", "adjusted", "amount", "started", "ended"]


def receipt_body(f):
    flags = f["flags"] | f["ttft"] << 8
    body = b"BXRCPT01" + bytes(8) + struct.pack(">q", f["lease"])
    for name in ["job", "worker", "app", "attestation", "weights", "request", "response"]:
        body += bytes.fromhex(f[name])
    body += struct.pack(">II", f["sequence"], flags)
    body += struct.pack(">9Q", *(f[name] for name in RECEIPT_NUMBERS))
    body += bytes.fromhex(f["previous"])
    assert len(body) == 312
    return body


def receipt_fields(**changes):
    f = {
        "lease": 1, "job": sha(b"job")[:16].hex(), "worker": sha(WORKER.public)[:16].hex(),
        "app": sha(APP.public)[:16].hex(), "attestation": sha(b"evidence").hex(), "weights": sha(b"weights").hex(),
        "request": sha(b"request").hex(), "response": sha(b"response").hex(), "sequence": 1, "flags": 0, "ttft": 0,
        "prompt": 34, "completion": 100, "cached": 11, "reasoning": 10, "price": 20_000_000,
        "started": 1_764_000_000_000, "ended": 1_764_000_001_250, "previous": bytes(32).hex(),
    }
    f.update(changes)
    f.setdefault("adjusted", adjusted(COCOON, f["prompt"], f["cached"], f["completion"], f["reasoning"]))
    f.setdefault("amount", f["adjusted"] * f["price"] // 1_000_000)
    return f


def signed(body):
    worker = WORKER.sign(b"bx-receipt/v1\0" + body)
    return worker, APP.sign(b"bx-receipt-ack/v1\0" + body + worker)


def receipt_vector(name, f):
    body = receipt_body(f)
    worker, app = signed(body)
    return {
        "name": name, "fields": f, "bytes": body.hex(), "hash": sha(body).hex(), "worker_signature": worker.hex(),
        "app_signature": app.hex(), "payload_one": sha(body + worker).hex(), "payload_both": sha(body + worker + app).hex(),
    }


first = receipt_fields()
second = receipt_fields(
    sequence=2, flags=1, ttft=312, prompt=1_034, completion=350, cached=511, reasoning=60, ended=1_764_000_009_000,
    previous=sha(receipt_body(first)).hex(),
)
largest = receipt_fields(
    lease=2**63 - 1, sequence=2**32 - 1, flags=15, ttft=2**24 - 1, prompt=10**12, completion=10**12, cached=10**12,
    reasoning=10**12, price=10**14, adjusted=10**10, amount=10**18, started=0, ended=253_402_300_799_999,
    job="ff" * 16, previous="ff" * 32,
)
nothing = receipt_fields(
    prompt=0, completion=0, cached=0, reasoning=0, flags=8, attestation="00" * 32, weights="00" * 32, price=1_000,
    started=0, ended=0, job="00" * 16,
)
receipts = [
    receipt_vector("Cocoon's example", first), receipt_vector("its successor", second),
    receipt_vector("the largest numbers", largest), receipt_vector("nothing used", nothing),
]

# What a receipt must not be: bytes at an offset replaced, and the rule that is then broken.
MALFORMED = [
    ("magic", 0, b"CMRCPT01"), ("magic", 7, b"2"), ("lease_id", 8, b"\1"), ("lease_id", 15, b"\1"),
    ("lease_id", 16, bytes(8)), ("lease_id", 16, b"\x80"), ("flags", 207, b"\x10"), ("flags", 207, b"\x80"),
    ("prompt_tokens", 208, struct.pack(">Q", 10**12 + 1)), ("completion_tokens", 216, b"\xff"),
    ("cached_tokens", 224, b"\xff" * 8), ("reasoning_tokens", 232, b"\x80"),
    ("price_nanoton_per_mtok", 240, struct.pack(">Q", 10**14 + 1)),
    ("adjusted_tokens", 248, struct.pack(">Q", 10**10 + 1)), ("amount_nanoton", 256, struct.pack(">Q", 10**18 + 1)),
    ("started_ms", 264, struct.pack(">Q", 253_402_300_800_000)), ("ended_ms", 272, b"\xff"),
    ("cached_tokens", 224, struct.pack(">Q", 35)), ("reasoning_tokens", 232, struct.pack(">Q", 101)),
    ("ended_ms", 272, struct.pack(">Q", 1_763_999_999_999)),
]
malformed = []
for word, offset, patch in MALFORMED:
    body = bytearray(receipt_body(first))
    body[offset:offset + len(patch)] = patch
    malformed.append({"names": word, "bytes": bytes(body).hex()})

# Adjusted tokens: weights, counts and the exact sum.
sums = []
for weights in [COCOON, (10_000, 1_000, 10_000, 10_000), (10_000, 1_000, 30_000, 30_000)]:
    for counts in [(34, 11, 100, 10), (0, 0, 0, 0), (9, 9, 0, 0), (10, 10, 0, 0), (1, 0, 1, 1), (10**12,) * 4]:
        price = 20_123_000
        tokens = adjusted(weights, *counts)
        row = {"weights": weights, "prompt": counts[0], "cached": counts[1], "completion": counts[2],
               "reasoning": counts[3], "adjusted": tokens}
        if tokens <= 10**10:
            row.update(price=price, amount=tokens * price // 1_000_000)
        sums.append(row)
assert sums[0]["adjusted"] == 824


# Tickets

def ticket_body(f):
    def text(value, size):
        data = value.encode()
        return struct.pack({1: ">B", 2: ">H"}[size], len(data)) + data
    body = b"BXTICKT1" + struct.pack(">6q", *(f[n] for n in ["lease", "trade", "bid", "offer", "worker", "app"]))
    body += bytes.fromhex(f["worker_key"]) + bytes.fromhex(f["app_key"])
    body += text(f["model"], 1) + text(f["revision"], 1)
    body += bytes.fromhex(f["weights_hash"]) + bytes.fromhex(f["attestation"])
    body += struct.pack(">4I", *f["weights"]) + struct.pack(">2q", f["price"], f["lots"])
    body += struct.pack(">2I", f["app_fee"], f["worker_fee"])
    body += struct.pack(">4q", f["opened"], f["deadline"], f["step"], f["dispute_window"])
    return body + text(f["endpoint"], 2)


def ticket_text(body, key):
    seal = sha(key.public)[:8] + key.sign(b"bx-ticket/v1\0" + body)
    return "bxt1." + b64url(body) + "." + b64url(seal)


def ticket_vector(name, **changes):
    f = {
        "lease": 7, "trade": 7, "bid": 12, "offer": 11, "worker": 2, "app": 3, "worker_key": WORKER.public.hex(),
        "app_key": APP.public.hex(), "model": "Qwen/Qwen3-32B", "revision": "9216db5781bf21249d130ec9da846c4624c16137",
        "weights_hash": sha(b"weights").hex(), "attestation": sha(b"evidence").hex(), "weights": COCOON,
        "price": 20_000_000, "lots": 120, "app_fee": 30, "worker_fee": 0, "opened": 1_764_000_000_000,
        "deadline": 1_764_003_600_000, "step": 1_000, "dispute_window": 600_000, "endpoint": "https://worker.example/v1",
    }
    f.update(changes)
    body = ticket_body(f)
    return {"name": name, "fields": f, "bytes": body.hex(), "text": ticket_text(body, EXCHANGE)}


tickets = [
    ticket_vector("a usual one"),
    ticket_vector("as little as there can be", worker_key="00" * 32, app_key="00" * 32, revision="", endpoint="",
                  weights_hash="00" * 32, attestation="00" * 32, model="a", lots=1, price=1_000, step=0,
                  dispute_window=0, opened=0, deadline=0, app_fee=0),
    ticket_vector("as much as there can be", lease=2**63 - 1, trade=2**63 - 1, bid=2**63 - 1, offer=2**63 - 1,
                  worker=2**63 - 1, app=2**63 - 1, model="é" * 48, revision="f" * 64, endpoint="h" * 256,
                  weights=(10**6,) * 4, price=10**14, lots=10**7, app_fee=1_000, worker_fee=1_000,
                  deadline=253_402_300_799_999, step=10**10, dispute_window=253_402_300_799_999),
]
TICKET_FAULTS = [
    ("lease_id", dict(lease=0)), ("trade_id", dict(trade=-1)), ("bid_id", dict(bid=0)), ("offer_id", dict(offer=0)),
    ("worker_account", dict(worker=0)), ("app_account", dict(app=0)), ("model", dict(model="")),
    ("model", dict(model="m" * 97)), ("revision", dict(revision="r" * 65)), ("weights", dict(weights=(10**6 + 1, 0, 0, 0))),
    ("weights", dict(weights=(0, 0, 0, 10**6 + 1))), ("price_nanoton_per_mtok", dict(price=1_001)),
    ("price_nanoton_per_mtok", dict(price=0)), ("price_nanoton_per_mtok", dict(price=10**14 + 1_000)),
    ("quantity_lots", dict(lots=0)), ("quantity_lots", dict(lots=10**7 + 1)), ("app_fee_bp", dict(app_fee=1_001)),
    ("worker_fee_bp", dict(worker_fee=1_001)), ("opened_ms", dict(opened=-1)), ("deadline_ms", dict(deadline=1)),
    ("step_tokens", dict(step=10**10 + 1)), ("dispute_window_ms", dict(dispute_window=-1)),
    ("endpoint", dict(endpoint="e" * 257)),
]
bad_tickets = [{"names": word, "text": ticket_vector("", **changes)["text"]} for word, changes in TICKET_FAULTS]
usual = bytes.fromhex(tickets[0]["bytes"])
bad_tickets += [
    {"names": "follows", "text": ticket_text(usual + b"\0", EXCHANGE)},
    {"names": "endpoint", "text": ticket_text(usual[:-1], EXCHANGE)},
    {"names": "BXTICKT1", "text": ticket_text(b"BXTICKT2" + usual[8:], EXCHANGE)},
    {"names": "model", "text": ticket_text(usual.replace(b"Qwen3", b"Qwen\xff"), EXCHANGE)},
    {"names": "not among", "text": ticket_text(usual, OTHER)},
]


# The log

def leaf(data):
    return sha(b"\0" + data)


def mth(leaves):
    """RFC 9162, section 2.1.1."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha(b"")
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha(b"\1" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m, leaves):
    if len(leaves) < 2:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return path(m, leaves[:k]) + [mth(leaves[k:])] if m < k else path(m - k, leaves[k:]) + [mth(leaves[:k])]


def subproof(m, leaves, known=True):
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return subproof(m, leaves[:k], known) + [mth(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [mth(leaves[:k])]


LEAVES = [leaf(b"leaf-%d" % i) for i in range(70_000)]


def flip(data):
    return bytes([data[0] ^ 8]) + data[1:]


def variants(proof):
    """Proofs that differ from a good one in one place."""
    yield "a hash in front", [sha(b"x")] + proof
    yield "a hash behind", proof + [sha(b"x")]
    yield "the root behind", proof + [sha(b"")]
    if proof:
        yield "the last removed", proof[:-1]
        yield "the first removed", proof[1:]
        yield "empty", []
    for i in range(len(proof)):
        yield f"hash {i} changed", proof[:i] + [flip(proof[i])] + proof[i + 1:]
    if len(set(proof)) > 1:
        yield "reversed", proof[::-1]


inclusion, consistency = [], []
for index, size in [(0, 1), (0, 8), (5, 8), (2, 3), (1, 5), (6, 7), (255, 256), (256, 257), (123, 300)]:
    proof, root, this = path(index, LEAVES[:size]), mth(LEAVES[:size]), LEAVES[index]
    def probe(why, valid=False, **change):
        row = {"why": why, "index": index, "size": size, "leaf": this, "root": root, "proof": proof, "valid": valid}
        row.update(change)
        inclusion.append(row)
    probe("good", True)
    for why, other in variants(proof):
        probe(why, proof=other)
    probe("index above", index=index + 1)
    probe("index below", index=index - 1)
    probe("index is the size", index=size)
    probe("another leaf", leaf=flip(this))
    probe("another root", root=flip(root))
    probe("the empty root", root=sha(b""))
    probe("twice the size", size=size * 2)
    probe("half the size", size=size // 2)
    probe("no size", size=0)
for old, new in [(1, 1), (1, 8), (6, 8), (2, 5), (4, 8), (3, 7), (8, 9), (255, 257), (256, 300), (123, 300)]:
    proof, olds, news = subproof(old, LEAVES[:new]), mth(LEAVES[:old]), mth(LEAVES[:new])
    def probe(why, valid=False, **change):
        row = {"why": why, "from": old, "to": new, "from_root": olds, "to_root": news, "proof": proof, "valid": valid}
        row.update(change)
        consistency.append(row)
    probe("good", True)
    for why, other in variants(proof):
        probe(why, proof=other)
    probe("another old root", from_root=flip(olds))
    probe("another new root", to_root=flip(news))
    if old != new:
        probe("roots exchanged", from_root=news, to_root=olds)
        probe("sizes exchanged", **{"from": new, "to": old})
    probe("nothing is the beginning of everything", **{"from": 0, "from_root": sha(b""), "proof": []})
    probe("nothing is the beginning of nothing", **{"from": 0, "to": 0, "from_root": sha(b""), "to_root": sha(b""), "proof": []})
    probe("negative", **{"from": -1})

roots = {str(n): mth(LEAVES[:n]).hex() for n in [0, 1, 2, 3, 7, 8, 255, 256, 257, 1_000, 65_536, 70_000]}


def tile(level, index, width):
    span = 256 ** level
    start = index * 256
    return b"".join(mth(LEAVES[(start + i) * span:(start + i + 1) * span]) for i in range(width))


# The tree of 70,000 leaves of the specification: 273 full tiles and one of 112, one and 17, and one of 1.
tiles = [
    {"level": level, "index": index, "width": width, "path": name, "sha256": sha(tile(level, index, width)).hex()}
    for level, index, width, name in [
        (0, 0, 256, "tile/0/000"), (0, 272, 256, "tile/0/272"), (0, 273, 112, "tile/0/273.p/112"),
        (0, 273, 5, "tile/0/273.p/5"), (1, 0, 256, "tile/1/000"), (1, 1, 17, "tile/1/001.p/17"),
        (2, 0, 1, "tile/2/000.p/1"),
    ]
]


def entry(kind, ms, payload, salt=None):
    commitment = sha(b"bx-log-salt/v1\0" + salt + payload) if salt else payload
    return b"bx-log/v1\0" + struct.pack(">BQ", kind, ms) + commitment


entries = []
for kind in [*range(1, 8), 9]:
    salt, payload = (sha(b"salt") if kind < 3 else None), sha(b"payload")
    data = entry(kind, 1_764_000_000_000 + kind, payload, salt)
    entries.append({"kind": kind, "ms": 1_764_000_000_000 + kind, "salt": salt and salt.hex(), "payload": payload.hex(),
                    "bytes": data.hex(), "leaf": leaf(data).hex()})


# Statements: what the exchange says in public, and the entries that commit to them

STATEMENTS = [
    (3, "signing-key", WORKER.public, [1_764_000_000_000_000]),
    (4, "measurement-policy", b"", [20, 86_400_000_000, 60_000_000, 604_800_000_000]),
    (6, "attestation", b"", [7, 2, 1_764_000_000_000_000, 1, -1]),
    (7, "lease-policy", b"", [1_000, 600_000_000, 0, 1_000, 86_400_000_000, 0]),
    (9, "measurement", b"", [7, 2, 55, 0, 9_950, 1_764_000_000_000_000]),
]
statements = []
for kind, name, key, numbers in STATEMENTS:
    body = f"bx-{name}/v1".encode() + b"\0" + key + struct.pack(f">{len(numbers)}q", *numbers)
    data = entry(kind, 1_764_000_000_000, sha(body))
    statements.append({"kind": kind, "key": key.hex(), "numbers": numbers, "bytes": body.hex(), "entry": data.hex(),
                       "leaf": leaf(data).hex()})


# Batches of payouts: what the log says of them

def settled(row):
    payouts = b"bx-payouts/v1\0"
    for payout in row["payouts"]:
        comment = payout["comment"].encode()
        payouts += bytes.fromhex(payout["address"]) + struct.pack(">qQ", payout["amount"], len(comment)) + comment
    total = sum(payout["amount"] for payout in row["payouts"])
    body = b"bx-settlement-batch/v1\0" + struct.pack(">q", row["number"]) + bytes.fromhex(row["wallet"])
    body += struct.pack(">5q", row["query_id"], row["created_at"], row["verdict"], len(row["payouts"]), total)
    body += sha(payouts) + struct.pack(">q", row["lt"]) + bytes.fromhex(row["transaction"])
    return {**row, "payouts_sha256": sha(payouts).hex(), "bytes": body.hex(),
            "leaf": leaf(entry(5, 1_764_000_000_000, sha(body))).hex()}


PAYOUTS = [
    {"address": sha(b"one").hex(), "amount": 1, "comment": ""},
    {"address": sha(b"two").hex(), "amount": 3_000_000_000, "comment": "wages, мая"},
]
settlements = [
    settled({"number": 40, "wallet": sha(b"wallet").hex(), "query_id": 1 << 10 | 5, "created_at": 1_764_000_000,
             "verdict": verdict, "payouts": PAYOUTS[:count], "lt": lt, "transaction": transaction.hex()})
    for verdict, count, lt, transaction in [
        (1, 2, 50_400_000_009, sha(b"inside")), (2, 1, 7, sha(b"outside")), (3, 2, 9, sha(b"inside")),
        (4, 1, 0, bytes(32)),
    ]
]


# Notes

def note_id(name, public):
    return sha(name.encode() + b"\n\1" + public)[:4]


def note_key(name, key):
    return f"{name}+{note_id(name, key.public).hex()}+{b64(bytes([1]) + key.public)}"


def signature_line(name, key, text):
    return f"— {name} {b64(note_id(name, key.public) + key.sign(text.encode()))}\n"


def checkpoint_text(origin, size, root):
    return f"{origin}\n{size}\n{b64(root)}\n"


ORIGIN = "exchange.example/log"


def checkpoint(size, root, key=EXCHANGE):
    text = checkpoint_text(ORIGIN, size, root)
    return text + "\n" + signature_line(ORIGIN, key, text)


# The example of the package golang.org/x/mod/sumdb/note; checked here before it is written.
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
go_public = base64.b64decode(GO_KEY.split("+", 2)[2])[1:]
go_signature = base64.b64decode(GO_NOTE.split(" ")[-1])[4:]
Ed25519PublicKey.from_public_bytes(go_public).verify(go_signature, GO_NOTE.split("\n\n")[0].encode() + b"\n")
assert note_id("PeterNeumann", go_public).hex() == "c74f20a3"

good = checkpoint(1_000, mth(LEAVES[:1_000]))
text = checkpoint_text(ORIGIN, 1_000, mth(LEAVES[:1_000]))
twice = good + signature_line("witness.example", OTHER, text)
notes = [
    {"name": "Go's example", "key": GO_KEY, "note": GO_NOTE, "text": GO_NOTE.split("\n\n")[0] + "\n"},
    {"name": "a checkpoint", "key": note_key(ORIGIN, EXCHANGE), "note": good, "text": text},
    {"name": "the log first", "key": note_key(ORIGIN, EXCHANGE), "note": twice, "text": text},
    {"name": "a witness second", "key": note_key("witness.example", OTHER), "note": twice, "text": text},
    {"name": "empty lines in the text", "key": note_key(ORIGIN, EXCHANGE),
     "note": "a\n\nb\n\n" + signature_line(ORIGIN, EXCHANGE, "a\n\nb\n"), "text": "a\n\nb\n"},
]
line = signature_line(ORIGIN, EXCHANGE, text)
bad_notes = [
    {"error": error, "note": note, "why": why}
    for why, error, note in [
        ("another text", "invalidSignature", good.replace("\n1000\n", "\n1001\n")),
        ("signed by another key under the name", "unknownKey", checkpoint(1_000, mth(LEAVES[:1_000]), OTHER)),
        ("another name", "unknownKey", good.replace("— " + ORIGIN, "— exchange.example/lag")),
        ("no signature", "unsigned", text + "\n"),
        ("no empty line", "malformedText", text + line),
        ("no text", "malformedText", "\n" + line),
        ("no line feed at the end", "malformedText", good[:-1]),
        ("a tab in the text", "malformedText", "\t" + good),
        ("a carriage return", "malformedText", good.replace("\n1000\n", "\r\n1000\n")),
        ("a hyphen for the dash", "malformedSignature", good.replace("— ", "- ")),
        ("two spaces", "malformedSignature", good.replace("— ", "—  ")),
        ("no padding", "malformedSignature", good[:-1].rstrip("=") + "\n"),
        ("only a key id", "malformedSignature", text + f"\n— {ORIGIN} AAAAAA==\n"),
        ("a plus in the name", "malformedSignature", good.replace("— exchange", "— ex+change")),
        ("a bad signature of the key beside a good one", "invalidSignature",
         good + signature_line(ORIGIN, EXCHANGE, text + "x\n")),
        ("empty", "malformedText", ""),
        ("thirty-three signatures", "tooManySignatures", text + "\n" + line * 33),
        ("64 KiB", "tooLarge", "a" * 65_536 + "\n\n" + line),
    ]
]
bad_checkpoints = [
    f"{ORIGIN}\n10\n", f"{ORIGIN}\n010\n{b64(sha(b''))}\n", f"{ORIGIN}\n-1\n{b64(sha(b''))}\n",
    f"{ORIGIN}\n+1\n{b64(sha(b''))}\n", f"{ORIGIN}\n9223372036854775808\n{b64(sha(b''))}\n",
    f"{ORIGIN}\n10\n{b64(sha(b'')[:31])}\n", f"{ORIGIN}\n10\n{b64url(sha(b''))}\n", f"\n10\n{b64(sha(b''))}\n",
    f"a b\n10\n{b64(sha(b''))}\n", f"{ORIGIN}\n10\n\n{b64(sha(b''))}\n", f"{ORIGIN}\n10\n{b64(sha(b''))}",
    f"{ORIGIN}\n10\n{b64(sha(b''))}\n\n",
]


# Anchors on TON

def anchor(origin, size, root):
    return struct.pack(">8s32sQ32s", b"BXANCH01", sha(origin.encode()), size, root)


anchors = [
    {"origin": origin, "size": size, "root": root, "bytes": anchor(origin, size, root)}
    for origin, size, root in [(ORIGIN, 1, sha(b"one")), ("b", 2**63 - 1, bytes(32)), ("bombyx/é", 300, sha(b"three"))]
]


# Proof bundles

def bundle(countersigned=True, older=None, anchored=None):
    body = receipt_body(second)
    worker, app = signed(body)
    salt = sha(b"bundle salt")
    data = entry(1, 1_764_000_010_000, sha(body + worker + (app if countersigned else b"")), salt)
    leaves = LEAVES[:41] + [leaf(data)] + LEAVES[42:100]
    result = {
        "format": "bombyx-proof-bundle/v1", "receipt": b64url(body), "worker_signature": b64url(worker),
        "worker_key": b64url(WORKER.public), "salt": b64url(salt), "entry": b64url(data), "index": 41,
        "inclusion": [h.hex() for h in path(41, leaves)], "checkpoint": checkpoint(100, mth(leaves)),
        "log_key": note_key(ORIGIN, EXCHANGE),
    }
    if countersigned:
        result.update(app_signature=b64url(app), app_key=b64url(APP.public))
    if older:
        result["consistency"] = {"checkpoint": checkpoint(older, mth(leaves[:older])),
                                 "proof": [h.hex() for h in subproof(older, leaves)]}
    if anchored:
        said = anchor(ORIGIN, anchored, mth(leaves[:anchored]))
        result["ton"] = {
            "wallet": "0:" + sha(b"wallet").hex(), "transaction_lt": "49000001000003",
            "transaction_hash": sha(b"transaction").hex(), "message_hash": sha(b"message").hex(),
            "anchor": b64url(said),
            "consistency": [h.hex() for h in subproof(anchored, leaves)] if anchored < 100 else [],
        }
    return result


bundles = [
    {"name": "countersigned", "bundle": bundle()}, {"name": "of the worker only", "bundle": bundle(False)},
    {"name": "with an older checkpoint", "bundle": bundle(older=29)},
    {"name": "with the same checkpoint", "bundle": bundle(older=100)},
    {"name": "anchored", "bundle": bundle(anchored=57)},
    {"name": "anchored as it is", "bundle": bundle(anchored=100)},
]


def hexed(value):
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [hexed(v) for v in value]
    if isinstance(value, dict):
        return {k: hexed(v) for k, v in value.items()}
    return value


print(json.dumps(hexed({
    "keys": {name: {"seed": key.seed, "public": key.public} for name, key in
             [("worker", WORKER), ("app", APP), ("exchange", EXCHANGE), ("other", OTHER)]},
    "receipts": receipts, "malformed_receipts": malformed, "sums": sums, "tickets": tickets,
    "malformed_tickets": bad_tickets, "roots": roots, "tiles": tiles, "entries": entries, "statements": statements,
    "settlements": settlements,
    "inclusion": inclusion,
    "consistency": consistency, "notes": notes, "malformed_notes": bad_notes,
    "malformed_checkpoints": bad_checkpoints, "anchors": anchors, "bundles": bundles,
}), ensure_ascii=False, indent=1))
