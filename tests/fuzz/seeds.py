#!/usr/bin/python3
"""Inputs to begin with, in the folder that is named: the data files, and one small file for each form
that the reader knows. Two bytes of options stand before each (see fuzz_read.c)."""
import glob
import gzip
import os
import sys

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)

LONG = b'place,year,cases\nA,2017,7\nA,2018,8\n"B, MT",2017,"1,204"\nB,2018,<5\n'
FBI = (b'DATA_YEAR,ORI,PUB_AGENCY_NAME,STATE_ABBR,OFFENSE_SUBCAT_NAME,ACTUAL_COUNT,CLEARED_COUNT\n'
       b'2017,MT0320100,Missoula,MT,Commercial Sex Acts,1,0\n'
       b'2018,MT0320100,"Missoula, City",MT,Commercial Sex Acts,2,1\n')
TIDY = (b'key,jurisdiction,year,measure,category,cases_lower,cases_upper,population,coverage,flags,'
        b'source\nK,"A ""a""",2017,offences,x / y,0,4,73340,0.9,partial_year;break,FBI\n'
        b'K,A,2018,offences,,2,,,,,\nK,A,2019,offences,,,,,,suppressed,\n')
FORMS = {
    'long': LONG,
    'fbi': FBI,
    'tidy': TIDY,
    'semicolon': b'sep=;\nOrt;Jahr;Anzahl\nA;2017;1.204\nA;2018;7,0\n',
    'tab': LONG.replace(b',', b'\t'),
    'wide': b'State,2016,2017,2018\nA,1,2,<5\nB,,4,5+\nTotal,1,6,5\n',
    'transposed': b'Year,Alabama,Alaska\n2016,1,2\n2017,3,\n',
    'preamble': b'Table 1\nTrafficking by state\n\n' + LONG + b'\nTotal,,1219\nNote: * estimated\n',
    'cr': LONG.replace(b'\n', b'\r'),
    'crcrlf': LONG.replace(b'\n', b'\r\r\n'),
    'bom': b'\xef\xbb\xbf' + LONG,
    'utf16': LONG.decode().encode('utf-16'),
    'utf32': LONG.decode().encode('utf-32'),
    'latin1': LONG.replace(b'A', b'Montr\xe9al'),
    'lost': LONG.replace(b'A', b'Montr\xef\xbf\xbdal'),
    'gzip': gzip.compress(LONG * 20, mtime=0),
    'quotes': b'place,year,cases\nA,2017,"7\nB,2018,8\n"C\n\nD",2017,9\n"E"x,2018,"1"\n\nF,2017,"8',
    'ragged': b'place,year,cases\nA,2017\n,,\nA,2018,7,,\nB,2017,8,x\n   \n"",2018,\n',
    'values': b'place,year,cases\n' + b''.join(
        b'A,%d,%s\n' % (1990 + i, text) for i, text in enumerate(
            [b'8', b'"1,204"', b'564021.0', b'<5', b'1-9', b'2+', b'50+', b'*', b's', b'-99', b'(NA)',
             b'null', b'', b'-1', b'3.28M', b'400k', b'>=2', b'12 345', b'9223372036854775806'])),
    'years': b'place,year,cases\nA,2017-18,7\nA,FY2018,8\nA,1/1/2019,9\nA,2017-19,3\nA,2020/21,4\n',
}

for path in glob.glob('data/*.csv'):
    with open(path, 'rb') as file:
        FORMS['data_' + os.path.basename(path)] = file.read()[:8000]
for name, data in FORMS.items():
    with open(os.path.join(folder, 'seed_' + name), 'wb') as file:
        file.write(b'\0\0' + data)
