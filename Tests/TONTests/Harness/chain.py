"""Runs the code of contracts as the chain does, for the tests: one question a line on standard input, one answer a line.

The transactions are carried out by libemulator, which is the node's own C++ code (in the folder of the package pytvm,
which is the argument); messages and accounts are read by pytoniq-core; the code of the contracts comes from the package ton-core and is taken only with the
hash that is asked for. Nothing of it is ours.
"""

import base64
import ctypes
import importlib.util
import json
import pathlib
import re
import sys

from pytoniq_core import Address, Cell, Slice, begin_cell
from pytoniq_core.crypto.crc import crc16
from pytoniq_core.tlb import VmStack
from pytoniq_core.tlb.account import ShardAccount
from pytoniq_core.tlb.transaction import MessageAny, Transaction

CONFIG = (pathlib.Path(__file__).parent / "mainnet_config.b64").read_text().strip()
NO_ACCOUNT = (
    begin_cell().store_ref(begin_cell().store_bit_int(0).end_cell()).store_uint(0, 256).store_uint(0, 64).end_cell()
)
FAUCET = Address((0, bytes.fromhex("fa" * 32)))


def package(name):
    return pathlib.Path(importlib.util.find_spec(name).origin).parent


def encode(cell):
    return base64.b64encode(cell.to_boc()).decode()


def decode(text):
    return Cell.one_from_boc(base64.b64decode(text))


def contract_code(sha256):
    """The code with this hash, out of ton-core's table."""
    table = (package("ton_core") / "contrib" / "contracts" / "codes.py").read_text()
    for text in re.findall(r'"([0-9A-Za-z+/=]{40,})"', table):
        raw = bytes.fromhex(text) if re.fullmatch("[0-9a-fA-F]+", text) else base64.b64decode(text)
        cell = Cell.one_from_boc(raw)
        if cell.hash.hex() == sha256:
            return cell
    raise ValueError("ton-core has no code with this hash")


class Emulator:
    def __init__(self):
        path = pathlib.Path(sys.argv[1]) / "pytvm" / "engine" / "libemulator-linux-x86_64.so"
        self.library = ctypes.CDLL(str(path))
        pointer, text, boolean = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_bool
        for name, result, arguments in [
            ("transaction_emulator_create", pointer, [text, ctypes.c_int]),
            ("transaction_emulator_set_unixtime", boolean, [pointer, ctypes.c_uint32]),
            ("transaction_emulator_set_lt", boolean, [pointer, ctypes.c_uint64]),
            ("transaction_emulator_set_rand_seed", boolean, [pointer, text]),
            ("transaction_emulator_emulate_transaction", text, [pointer, text, text]),
            ("emulator_set_verbosity_level", boolean, [ctypes.c_int]),
            ("tvm_emulator_create", pointer, [text, text, ctypes.c_int]),
            ("tvm_emulator_set_c7", boolean, [pointer, text, ctypes.c_uint32, ctypes.c_uint64, text, text]),
            ("tvm_emulator_set_gas_limit", boolean, [pointer, ctypes.c_int64]),
            ("tvm_emulator_run_get_method", text, [pointer, ctypes.c_int, text]),
            ("tvm_emulator_destroy", None, [pointer]),
        ]:
            function = getattr(self.library, name)
            function.restype, function.argtypes = result, arguments
        self.library.emulator_set_verbosity_level(0)
        self.handle = self.library.transaction_emulator_create(CONFIG.encode(), 1)
        if not self.handle:
            raise RuntimeError("the emulator refuses the configuration of the chain")

    def transact(self, account, message, now, lt):
        self.library.transaction_emulator_set_unixtime(self.handle, now)
        self.library.transaction_emulator_set_lt(self.handle, lt)
        self.library.transaction_emulator_set_rand_seed(self.handle, b"00" * 32)
        answer = self.library.transaction_emulator_emulate_transaction(
            self.handle, encode(account).encode(), encode(message).encode()
        )
        return json.loads(answer)

    def ask(self, account, address, method, stack, now):
        state = account.storage.state.state_init
        machine = self.library.tvm_emulator_create(encode(state.code).encode(), encode(state.data).encode(), 0)
        try:
            name = address.to_str(is_user_friendly=False).encode()
            balance = account.storage.balance.grams
            self.library.tvm_emulator_set_c7(machine, name, now, balance, b"00" * 32, CONFIG.encode())
            self.library.tvm_emulator_set_gas_limit(machine, 1_000_000)
            number = int.from_bytes(crc16(method.encode()), "big") & 0xFFFF | 0x10000
            answer = self.library.tvm_emulator_run_get_method(
                machine, number, encode(VmStack.serialize(stack)).encode()
            )
            result = json.loads(answer)
        finally:
            self.library.tvm_emulator_destroy(machine)
        if not result.get("success") or result["vm_exit_code"] not in (0, 1):
            raise RuntimeError(f"{method}: {result.get('vm_exit_code')} {result.get('error')}")
        return VmStack.deserialize(Slice.one_from_boc(result["stack"]))


def comment(body):
    """The text of a message's body, or None."""
    data, cell = b"", body
    while True:
        if len(cell.bits) % 8:
            return None
        data += cell.bits.tobytes()
        if not cell.refs:
            break
        cell = cell.refs[0]
    return data[4:].decode() if data[:4] == bytes(4) else None


class Chain:
    """Accounts, and a clock that stands still until it is set."""

    def __init__(self, emulator, now):
        self.emulator, self.now, self.lt, self.accounts = emulator, now, 1_000_000_000_000, {}

    def shard(self, address):
        return self.accounts.get(address.to_str(is_user_friendly=False), NO_ACCOUNT)

    def account(self, address):
        return ShardAccount.deserialize(self.shard(address).begin_parse()).account

    def balance(self, address):
        account = self.account(address)
        return account.storage.balance.grams if account else 0

    def state(self, address):
        account = self.account(address)
        return account.storage.state.type_ if account else "none"

    def step(self, message):
        """One transaction: what it did, and the messages that it sent."""
        incoming = MessageAny.deserialize(message.begin_parse())
        address = incoming.info.dest
        self.lt += 1_000_000
        answer = self.emulator.transact(self.shard(address), message, self.now, self.lt)
        step = {"account": address.to_str(is_user_friendly=False), "message_hash": message.hash.hex()}
        if incoming.is_internal:
            step["value"] = str(incoming.info.value.grams)
            step["bounced"] = incoming.info.bounced
            step["comment"] = comment(incoming.body)
        if not answer["success"]:
            code = answer.get("vm_exit_code")
            return step | {"accepted": False, "exit_code": code, "error": answer.get("error")}, []
        self.accounts[step["account"]] = decode(answer["shard_account"])
        cell = decode(answer["transaction"])
        transaction = Transaction.deserialize(cell.begin_parse())
        description = transaction.description
        compute = getattr(description, "compute_ph", None)
        action = getattr(description, "action", None)
        # The dictionary of what was sent is read as it stands, so that nothing is written anew.
        parts = cell.refs[0].begin_parse()
        if parts.load_bit():
            parts.load_ref()
        sent = parts.load_dict(15) if parts.remaining_bits else None
        messages = [sent[key].load_ref() for key in sorted(sent or {})]
        step |= {
            "accepted": True,
            "exit_code": getattr(compute, "exit_code", None),
            "gas": getattr(compute, "gas_used", None),
            "aborted": bool(getattr(description, "aborted", False)),
            "action_code": action.result_code if action else None,
            "skipped": action.skipped_actions if action else 0,
            "sent": len(messages),
            "balance": str(self.balance(address)),
        }
        return step, messages

    def send(self, message):
        """Carries out a message and all that follow from it, in the order in which they were sent."""
        steps, queue = [], [message]
        while queue:
            step, messages = self.step(queue.pop(0))
            steps.append(step)
            queue += messages
        return steps

    def fund(self, address, value):
        message = (
            begin_cell().store_uint(0b0100, 4).store_address(FAUCET).store_address(address).store_coins(value)
            .store_bit_int(0).store_coins(0).store_coins(0).store_uint(self.lt, 64).store_uint(self.now, 32)
            .store_bit_int(0).store_bit_int(0).end_cell()
        )
        step, _ = self.step(message)
        if not step["accepted"]:
            raise RuntimeError(f"not funded: {step}")


def answer(chain, emulator, question):
    operation = question["op"]
    if operation == "reset":
        return Chain(emulator, question["now"]), {}
    if operation == "time":
        chain.now = question["now"]
        return chain, {}
    if operation == "code":
        return chain, {"boc": encode(contract_code(question["hash"]))}
    if operation == "send":
        return chain, {"steps": chain.send(decode(question["boc"]))}
    address = Address(question["address"])
    if operation == "fund":
        chain.fund(address, int(question["value"]))
        return chain, {}
    if operation == "account":
        return chain, {"balance": str(chain.balance(address)), "state": chain.state(address)}
    if operation == "ask":
        stack = [int(number) for number in question["stack"]]
        values = emulator.ask(chain.account(address), address, question["method"], stack, chain.now)
        return chain, {"stack": [format(value, "x") for value in values]}
    raise ValueError("an unknown question")


def main():
    emulator = Emulator()
    chain = Chain(emulator, 1_800_000_000)
    print(json.dumps({"ok": True}), flush=True)
    for line in sys.stdin:
        try:
            chain, result = answer(chain, emulator, json.loads(line))
            print(json.dumps({"ok": True} | result), flush=True)
        except Exception as error:
            print(json.dumps({"ok": False, "error": f"{type(error).__name__}: {error}"}), flush=True)


if __name__ == "__main__":
    main()
