%% Does in Erlang what bench/guests do in a node: an order on each line of the input, an answer on each line of the
%% output, the first number of which is the nanoseconds that the work took.
-module(bench_peer).
-export([main/0]).

main() ->
    io:put_chars("ready\n"),
    orders(#{}).

orders(State) ->
    case io:get_line("") of
        eof ->
            halt();
        Line ->
            [Name | Words] = string:lexemes(Line, " \n"),
            {Answer, Next} = carry_out(Name, Words, State),
            Texts = ["ok" | [integer_to_list(Number) || Number <- Answer]],
            io:put_chars([lists:join(" ", Texts), "\n"]),
            orders(Next)
    end.

carry_out(Name, Words, State) ->
    Known = [bench_messages, bench_crowds, bench_lives, bench_files],
    [Module | _] = [Module || Module <- Known, lists:member(Name, Module:orders())],
    Module:carry_out(Name, [argument(Word) || Word <- Words], State).

argument(Word) ->
    try
        list_to_integer(Word)
    catch
        error:badarg -> list_to_atom(Word)
    end.
