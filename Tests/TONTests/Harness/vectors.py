"""Computes the vectors of the tests a second time, with pytoniq-core and PyNaCl and nothing of ours.

Every value that follows from others in `Vectors/messages.json` is computed from them. Prints what differs and ends with
1; with `--write` the file is changed instead.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

from nacl.signing import SigningKey
from pytoniq_core import Address, Builder, Cell, HashMap, begin_cell
from pytoniq_core.crypto.crc import crc16

from chain import contract_code, decode, encode

FILE = pathlib.Path(__file__).parent.parent / "Vectors" / "messages.json"
CODES = {
    "highload_wallet_v3": "11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525",
    "wallet_v5r1": "20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f",
    "wallet_v4r2": "feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0",
}


def comment(text):
    data, cell = bytes(4) + text.encode(), None
    for start in reversed(range(0, len(data), 127)):
        builder = begin_cell().store_bytes(data[start:start + 127])
        cell = (builder.store_ref(cell) if cell else builder).end_cell()
    return cell


def internal(address, amount, body=None, bounce=False):
    builder = begin_cell().store_uint(0b01, 2).store_uint(bounce, 1).store_uint(0, 1).store_uint(0, 2)
    builder.store_address(address).store_coins(amount).store_uint(0, 1).store_coins(0).store_coins(0)
    builder.store_uint(0, 64).store_uint(0, 32).store_uint(0, 1)
    if body is None:
        return builder.store_uint(0, 1).end_cell()
    if len(builder.bits) + 1 + len(body.bits) <= 1023 and len(builder.refs) + len(body.refs) <= 4:
        return builder.store_uint(0, 1).store_cell(body).end_cell()
    return builder.store_uint(1, 1).store_ref(body).end_cell()


def external(address, body, state=None):
    builder = begin_cell().store_uint(0b10, 2).store_uint(0, 2).store_address(address).store_coins(0)
    if state:
        builder.store_uint(0b11, 2).store_ref(state)
    else:
        builder.store_uint(0, 1)
    return builder.store_uint(1, 1).store_ref(body).end_cell()


def first_state(contract, data):
    return begin_cell().store_uint(0b00110, 5).store_ref(contract_code(CODES[contract])).store_ref(data).end_cell()


def wallet_data(contract, key, vector):
    if contract == "highload_wallet_v3":
        head = begin_cell().store_bytes(key).store_uint(vector["subwallet_id"], 32).store_uint(0, 66)
        return head.store_uint(vector["timeout"], 22).end_cell()
    head = begin_cell().store_uint(1, 1) if contract == "wallet_v5r1" else begin_cell()
    return head.store_uint(0, 32).store_uint(vector["wallet_id"], 32).store_bytes(key).store_uint(0, 1).end_cell()


def address_of(state, workchain=0):
    return Address((workchain, state.hash))


def raw(address):
    return address.to_str(is_user_friendly=False)


def action_list(actions):
    cell = begin_cell().end_cell()
    for mode, message in actions:
        cell = begin_cell().store_ref(cell).store_uint(0x0EC3C86D, 32).store_uint(mode, 8).store_ref(message).end_cell()
    return cell


def payouts(count, with_comments=True):
    for index in range(count):
        address = Address((0, hashlib.sha256(f"worker {index}".encode()).digest()))
        body = comment(f"batch payout {index}") if with_comments else None
        yield internal(address, 100_000_000 + 1_000 * index, body)


def transfer(wallet, actions, vector):
    """What the wallet sends itself; actions beyond 254 are in one more message, which is the last of them."""
    value = int(vector["value_per_internal_transfer"])
    if len(actions) > 254:
        outer = 1 if value else 128
        actions = actions[:253] + [(outer, transfer(wallet, actions[253:], vector)[0])]
    items = action_list(actions)
    body = begin_cell().store_uint(0xAE42E5A4, 32).store_uint(vector["query_id"], 64).store_ref(items).end_cell()
    return internal(wallet, value, body, bounce=True), items


def highload(vector):
    key = SigningKey(bytes.fromhex(vector["seed_hex"]))
    state = first_state("highload_wallet_v3", wallet_data("highload_wallet_v3", key.verify_key.encode(), vector))
    wallet = address_of(state)
    messages = list(payouts(vector["payouts"], vector["comments"]))
    result = {}
    if vector["direct"]:
        message = messages[0]
    else:
        message, items = transfer(wallet, [(vector["send_mode_actions"], item) for item in messages], vector)
        result["actions_hash"] = items.hash.hex()
    inner = begin_cell().store_uint(vector["subwallet_id"], 32).store_ref(message)
    inner.store_uint(vector["send_mode_outer"], 8).store_uint(vector["query_id"], 23)
    inner = inner.store_uint(vector["created_at"], 64).store_uint(vector["timeout"], 22).end_cell()
    signature = key.sign(inner.hash).signature
    body = begin_cell().store_bytes(signature).store_ref(inner).end_cell()
    sent = external(wallet, body, state if vector["deploy"] else None)
    result |= {
        "query_id": vector["query_seqno"] // 1023 << 10 | vector["query_seqno"] % 1023,
        "address_raw": raw(wallet),
        "message_to_send_hash": message.hash.hex(),
        "inner_hash_signed": inner.hash.hex(),
        "signature_hex": signature.hex(),
        "body_hash": body.hash.hex(),
        "external_hash": sent.hash.hex(),
        "external_depth": sent.get_depth(0),
        "normalized_hash": external(wallet, body).hash.hex(),
    }
    return result | ({"boc_b64": encode(sent)} if "boc_b64" in vector else {})


def sequence_wallet(vector):
    key, contract = SigningKey(bytes.fromhex(vector["seed_hex"])), vector["contract"]
    state = first_state(contract, wallet_data(contract, key.verify_key.encode(), vector))
    messages = [(vector["mode"], message) for message in payouts(vector["payouts"])]
    head = begin_cell()
    if contract == "wallet_v5r1":
        head.store_uint(0x7369676E, 32)
    head.store_uint(vector["wallet_id"], 32).store_uint(vector["valid_until"], 32).store_uint(vector["seqno"], 32)
    if contract == "wallet_v5r1":
        unsigned = head.store_uint(1, 1).store_ref(action_list(messages)).store_uint(0, 1).end_cell()
        signature = key.sign(unsigned.hash).signature
        body = Builder().store_cell(unsigned).store_bytes(signature).end_cell()
    else:
        head.store_uint(0, 8)
        for mode, message in messages:
            head.store_uint(mode, 8).store_ref(message)
        unsigned = head.end_cell()
        body = begin_cell().store_bytes(key.sign(unsigned.hash).signature).store_cell(unsigned).end_cell()
    wallet = address_of(state)
    return {
        "address_raw": raw(wallet),
        "unsigned_hash": unsigned.hash.hex(),
        "external_hash": external(wallet, body, state).hash.hex(),
        "normalized_hash": external(wallet, body).hash.hex(),
    }


def first_states(vector):
    contract = vector["contract"]
    result = {}
    if contract == "wallet_v5r1":
        context = 1 << 31 | (vector["workchain"] & 0xFF) << 23 | vector["subwallet"]
        result["wallet_id"] = context ^ (vector["network_global_id"] & 0xFFFFFFFF)
    data = wallet_data(contract, bytes.fromhex(vector["public_key_hex"]), vector | result)
    state = first_state(contract, data)
    result["address_raw"] = raw(address_of(state, vector.get("workchain", 0)))
    return result | {"data_hash": data.hash.hex(), "state_init_hash": state.hash.hex()}


def comments(vector):
    cell = comment(vector["text"])
    return {"hash": cell.hash.hex(), "bits": len(cell.bits), "refs": len(cell.refs), "boc_b64": encode(cell)}


def jetton(vector):
    builder = begin_cell().store_uint(0x0F8A7EA5, 32).store_uint(vector["query_id"], 64)
    builder.store_coins(int(vector["amount"])).store_address(Address(vector["destination"]))
    builder.store_address(Address(vector["response_destination"])).store_uint(0, 1)
    builder.store_coins(int(vector["forward_ton_amount"])).store_uint(1, 1)
    cell = builder.store_ref(comment(vector["forward_comment"])).end_cell()
    return {"hash": cell.hash.hex(), "boc_b64": encode(cell)}


def dictionary(vector):
    content = HashMap(vector["key_bits"])
    for number in range(vector["n"]):
        content.set_int_key(7 * number, begin_cell().store_uint(number, 32).end_cell())
    root = content.serialize()
    return {"root_hash": root.hash.hex()}


def query_id(vector):
    shift, bit = divmod(vector["seqno"], 1023)
    return {"shift": shift, "bit_number": bit, "query_id": shift << 10 | bit}


def friendly(vector):
    address = Address(vector["raw"])
    result = {"cell_hash": begin_cell().store_address(address).end_cell().hash.hex()}
    for name, tag in [("bounceable", 0x11), ("non_bounceable", 0x51)]:
        for prefix, test in [("", 0), ("test_", 0x80)]:
            data = bytes([tag | test]) + vector["workchain"].to_bytes(1, "big", signed=True)
            data += bytes.fromhex(vector["hash"])
            data += crc16(data)
            standard = base64.b64encode(data).decode()
            result[prefix + name] = standard.replace("+", "-").replace("/", "_")
            result[prefix + name + "_std_base64"] = standard
    return result


def mnemonic(vector):
    entropy = hmac.digest(vector["words"].encode(), b"", "sha512")
    seed = hashlib.pbkdf2_hmac("sha512", entropy, b"TON default seed", 100_000)
    version = hashlib.pbkdf2_hmac("sha512", entropy, b"TON seed version", 390)
    return {
        "entropy_hmac_sha512_hex": entropy.hex(),
        "version_check_byte0": version[0],
        "private_seed32_hex": seed[:32].hex(),
        "public_key_hex": SigningKey(seed[:32]).verify_key.encode().hex(),
    }


def proof(vector):
    cell = decode(vector["proof_boc_b64"])
    inside = cell.refs[0]
    return {
        "proof_cell_hash": cell.hash.hex(),
        "virtual_root_repr_hash": inside.hash.hex(),
        "dict_root_hash": inside.get_hash(0).hex(),
    }


GROUPS = {
    "friendly": friendly,
    "dictionaries": dictionary,
    "mnemonics": mnemonic,
    "state_inits": first_states,
    "comments": comments,
    "query_ids": query_id,
    "highload_v3": highload,
    "wallets": sequence_wallet,
    "jettons": jetton,
}


def main():
    vectors = json.loads(FILE.read_text())
    count, differences = 0, []
    groups = [(name, vectors[name], compute) for name, compute in GROUPS.items()]
    groups.append(("dict_proofs", vectors["exotic"]["dict_proofs"], proof))
    for name, group, compute in groups:
        for number, vector in enumerate(group):
            for key, value in compute(vector).items():
                count += 1
                if key not in vector or vector[key] != value:
                    # Two ways to order the cells of a bag are one bag.
                    if key == "boc_b64" and decode(vector[key]).hash == decode(value).hash:
                        continue
                    differences.append(f"{name} {number} {key}")
                    vector[key] = value
    if "--write" in sys.argv:
        FILE.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")
    for difference in differences:
        print(difference)
    print(f"{count} values, {len(differences)} of them differ")
    return bool(differences) and "--write" not in sys.argv


if __name__ == "__main__":
    sys.exit(main())
