<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- Officers by certificate: the list, registering one, one of them, and the sheet with the PIN that is handed over. -->

    <xsl:template name="officers-back"><xsl:call-template name="back"><xsl:with-param name="href">/helpdesk/officers</xsl:with-param><xsl:with-param name="words"><m:t k="officers.title"/></xsl:with-param></xsl:call-template></xsl:template>
    <xsl:template name="officer-back"><xsl:call-template name="back"><xsl:with-param name="href" select="concat('/helpdesk/officers/', officer/@id)"/><xsl:with-param name="words"><xsl:value-of select="i:name(officer)"/></xsl:with-param></xsl:call-template></xsl:template>

    <!-- The list -->
    <xsl:template match="desk-officers" mode="title"><m:t k="officers.title"/></xsl:template>
    <xsl:template match="desk-officers" mode="main">
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="desk-nav"/>
        <h1><m:t k="officers.title"/></h1>
        <p class="lead"><m:t k="officers.lead"/></p>
        <p class="actions"><a class="button main" href="/helpdesk/officers/new"><m:t k="officers.register"/></a></p>
        <form method="get" action="/helpdesk/officers" role="search" class="card desk-search">
            <div class="desk-fields">
                <div class="field"><label for="q"><m:t k="officers.search"/></label><input type="search" id="q" name="q" value="{@q}" maxlength="200" autocomplete="off" spellcheck="false"/></div>
                <div class="field">
                    <label for="institution"><m:t k="desk.institution"/></label>
                    <select id="institution" name="institution">
                        <option value=""><m:t k="desk.institution.all"/></option>
                        <xsl:call-template name="officer-choices"/>
                    </select>
                </div>
                <div class="field">
                    <label for="ended"><m:t k="officers.which"/></label>
                    <select id="ended" name="ended">
                        <option value=""><m:t k="officers.which.alive"/></option>
                        <option value="1"><xsl:if test="@ended"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><m:t k="officers.which.ended"/></option>
                    </select>
                </div>
            </div>
            <p><button type="submit"><m:t k="desk.search.do"/></button></p>
        </form>
        <xsl:choose>
            <xsl:when test="officer">
                <table class="requests desk-rows">
                    <thead>
                        <tr>
                            <th scope="col"><m:t k="desk.person"/></th>
                            <th scope="col"><m:t k="officers.role"/></th>
                            <th scope="col"><m:t k="fact.mail"/></th>
                            <th scope="col"><m:t k="officers.certificate"/></th>
                            <th scope="col"><m:t k="desk.end"/></th>
                        </tr>
                    </thead>
                    <tbody>
                        <xsl:for-each select="officer">
                            <tr data-officer="{@id}" data-state="{@state}">
                                <th scope="row"><a href="/helpdesk/officers/{@id}"><xsl:call-template name="desk-name"/></a><span class="sub"><xsl:value-of select="i:name(institution)"/></span></th>
                                <td m:data-label="officers.role"><m:t k="officers.role.{@role}"/></td>
                                <td m:data-label="fact.mail"><xsl:value-of select="@mail"/></td>
                                <td m:data-label="officers.certificate"><xsl:call-template name="officer-state"/></td>
                                <td m:data-label="desk.end"><xsl:choose>
                                    <xsl:when test="@serial"><time datetime="{@not-after}"><xsl:value-of select="i:day(@not-after)"/></time></xsl:when>
                                    <xsl:otherwise>–</xsl:otherwise>
                                </xsl:choose></td>
                            </tr>
                        </xsl:for-each>
                    </tbody>
                </table>
                <xsl:if test="@next"><p class="table-links"><a href="{@next}"><m:t k="desk.next"/></a></p></xsl:if>
            </xsl:when>
            <xsl:otherwise><p class="nothing"><xsl:choose><xsl:when test="@asked"><m:t k="desk.nothing"/></xsl:when><xsl:otherwise><m:t k="officers.none"/></xsl:otherwise></xsl:choose></p></xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template name="officer-state">
        <xsl:choose>
            <xsl:when test="@state"><xsl:call-template name="state"/></xsl:when>
            <xsl:otherwise>–</xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <xsl:template name="officer-choices">
        <xsl:for-each select="choice">
            <option value="{@id}"><xsl:if test="@chosen"><xsl:attribute name="selected">selected</xsl:attribute></xsl:if><xsl:value-of select="i:name(.)"/></option>
        </xsl:for-each>
    </xsl:template>

    <!-- Registering: the form -->
    <xsl:template match="desk-officer-new" mode="title"><m:t k="officers.register"/></xsl:template>
    <xsl:template match="desk-officer-new" mode="main">
        <xsl:call-template name="officers-back"/>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="officers.register"/></h1>
        <ol class="plain-steps"><li><m:t k="officers.register.step1"/></li><li><m:t k="officers.register.step2"/></li><li><m:t k="officers.register.step3"/></li></ol>
        <form method="post" action="/helpdesk/officers" autocomplete="off">
            <xsl:call-template name="csrf"/>
            <xsl:call-template name="form-key"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <div class="field">
                <xsl:if test="problem[@field = 'institution']"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
                <label for="institution"><m:t k="desk.institution"/></label>
                <xsl:apply-templates select="problem[@field = 'institution']" mode="beside"/>
                <select id="institution" name="institution" required="required">
                    <xsl:if test="problem[@field = 'institution']"><xsl:attribute name="aria-describedby">institution-problem</xsl:attribute><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
                    <option value=""><m:t k="officers.choose"/></option>
                    <xsl:call-template name="officer-choices"/>
                </select>
            </div>
            <xsl:call-template name="officer-field"><xsl:with-param name="field">name</xsl:with-param><xsl:with-param name="value" select="@name"/><xsl:with-param name="required" select="true()"/></xsl:call-template>
            <xsl:call-template name="officer-field"><xsl:with-param name="field">name_ja</xsl:with-param><xsl:with-param name="value" select="@name-ja"/></xsl:call-template>
            <xsl:call-template name="officer-field"><xsl:with-param name="field">mail</xsl:with-param><xsl:with-param name="value" select="@mail"/><xsl:with-param name="required" select="true()"/><xsl:with-param name="most">254</xsl:with-param></xsl:call-template>
            <fieldset id="role">
                <xsl:if test="problem[@field = 'role']"><xsl:attribute name="class">wrong</xsl:attribute><xsl:attribute name="aria-describedby">role-problem</xsl:attribute></xsl:if>
                <legend><m:t k="officers.role"/></legend>
                <xsl:apply-templates select="problem[@field = 'role']" mode="beside"/>
                <xsl:call-template name="officer-role"><xsl:with-param name="role">officer</xsl:with-param></xsl:call-template>
                <xsl:call-template name="officer-role"><xsl:with-param name="role">revoker</xsl:with-param></xsl:call-template>
                <xsl:call-template name="officer-role"><xsl:with-param name="role">operator</xsl:with-param></xsl:call-template>
            </fieldset>
            <p class="actions"><button type="submit" class="main"><m:t k="next"/></button><a class="button plain" href="/helpdesk/officers"><m:t k="cancel"/></a></p>
        </form>
    </xsl:template>

    <xsl:template name="officer-field">
        <xsl:param name="field"/>
        <xsl:param name="value"/>
        <xsl:param name="required" select="false()"/>
        <xsl:param name="most">64</xsl:param>
        <div class="field">
            <xsl:if test="problem[@field = $field]"><xsl:attribute name="class">field wrong</xsl:attribute></xsl:if>
            <label for="{$field}"><xsl:value-of select="i:message('officers.field.', $field)"/></label>
            <p class="hint" id="{$field}-hint"><xsl:value-of select="i:message('officers.hint.', $field)"/></p>
            <xsl:apply-templates select="problem[@field = $field]" mode="beside"/>
            <input type="text" id="{$field}" name="{$field}" value="{$value}" maxlength="{$most}" autocomplete="off" spellcheck="false">
                <xsl:if test="$required"><xsl:attribute name="required">required</xsl:attribute></xsl:if>
                <xsl:attribute name="aria-describedby"><xsl:value-of select="$field"/>-hint<xsl:if test="problem[@field = $field]"><xsl:text> </xsl:text><xsl:value-of select="$field"/>-problem</xsl:if></xsl:attribute>
                <xsl:if test="problem[@field = $field]"><xsl:attribute name="aria-invalid">true</xsl:attribute></xsl:if>
            </input>
        </div>
    </xsl:template>
    <xsl:template name="officer-role">
        <xsl:param name="role"/>
        <label class="choice">
            <input type="radio" name="role" value="{$role}"><xsl:if test="@role = $role"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if></input>
            <span><xsl:value-of select="i:message('officers.role.', $role)"/><small><xsl:value-of select="i:message('officers.role.may.', $role)"/></small></span>
        </label>
    </xsl:template>
    <xsl:template match="desk-officer-new/problem" mode="words"><xsl:value-of select="i:message('problem.officer.', concat(@field, '.', @rule))"/></xsl:template>

    <!-- Registering: once more -->
    <xsl:template match="desk-officer-confirm" mode="title"><m:t k="officers.confirm.title"/></xsl:template>
    <xsl:template match="desk-officer-confirm" mode="main">
        <xsl:call-template name="officers-back"/>
        <h1><m:t k="officers.confirm.title"/></h1>
        <dl class="facts card">
            <div><dt><m:t k="fact.name"/></dt><dd><xsl:value-of select="@name"/><xsl:if test="@name-ja"><span class="sub"><xsl:value-of select="@name-ja"/></span></xsl:if></dd></div>
            <div><dt><m:t k="desk.institution"/></dt><dd><xsl:value-of select="i:name(choice[@chosen])"/></dd></div>
            <div><dt><m:t k="fact.mail"/></dt><dd><xsl:value-of select="@mail"/></dd></div>
            <div><dt><m:t k="officers.role"/></dt><dd><m:t k="officers.role.{@role}"/><span class="sub"><m:t k="officers.role.may.{@role}"/></span></dd></div>
        </dl>
        <ul><li><m:t k="officers.confirm.mail" mail="@mail"/></li><li><m:t k="officers.confirm.pin"/></li><li><m:t k="officers.confirm.audit"/></li></ul>
        <form method="post" action="/helpdesk/officers">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <input type="hidden" name="institution" value="{choice[@chosen]/@id}"/>
            <input type="hidden" name="name" value="{@name}"/>
            <input type="hidden" name="name_ja" value="{@name-ja}"/>
            <input type="hidden" name="mail" value="{@mail}"/>
            <input type="hidden" name="role" value="{@role}"/>
            <p class="actions"><button type="submit" class="main"><m:t k="officers.confirm.do"/></button><a class="button plain" href="/helpdesk/officers"><m:t k="cancel"/></a></p>
        </form>
    </xsl:template>

    <!-- One of them -->
    <xsl:template match="desk-officer" mode="title"><xsl:value-of select="i:name(officer)"/></xsl:template>
    <xsl:template match="desk-officer" mode="main">
        <xsl:call-template name="shapes"/>
        <xsl:call-template name="officers-back"/>
        <xsl:call-template name="notice"/>
        <xsl:for-each select="officer">
            <h1><xsl:call-template name="desk-name"/></h1>
            <xsl:if test="@ended-at"><div class="notice"><xsl:call-template name="icon-note"/><p><m:t k="officers.ended"><m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="@ended-at"/></xsl:call-template></m:with></m:t></p></div></xsl:if>
            <xsl:if test="not(@ended-at)"><xsl:call-template name="officer-now"/></xsl:if>
            <dl class="facts card">
                <div><dt><m:t k="desk.institution"/></dt><dd><xsl:value-of select="i:name(institution)"/></dd></div>
                <div><dt><m:t k="officers.role"/></dt><dd id="role" data-role="{@role}"><m:t k="officers.role.{@role}"/><span class="sub"><m:t k="officers.role.may.{@role}"/></span></dd></div>
                <div><dt><m:t k="fact.mail"/></dt><dd><xsl:value-of select="@mail"/></dd></div>
                <div><dt><m:t k="officers.registered"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@registered-at"/></xsl:call-template></dd></div>
                <xsl:if test="@number">
                    <div><dt><m:t k="officers.certificate"/></dt><dd id="state" data-state="{@state}" data-request="{@number}"><a href="/helpdesk/requests/{@number}"><m:t k="number" number="@number"/></a><xsl:text> </xsl:text><xsl:call-template name="state"/></dd></div>
                    <xsl:if test="@serial"><div><dt><m:t k="fact.serial"/></dt><dd><code class="break"><xsl:value-of select="@serial"/></code></dd></div></xsl:if>
                    <div><dt><m:t k="desk.end"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="@not-after"/></xsl:call-template></dd></div>
                </xsl:if>
            </dl>
            <xsl:if test="@end-key">
                <section class="apart" aria-labelledby="end">
                    <h2 id="end"><m:t k="officers.end.title"/></h2>
                    <p><m:t k="officers.end.text"/></p>
                    <form method="post" action="/helpdesk/officers/{@id}/end">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@end-key"/></xsl:call-template>
                        <button type="submit" class="danger-outline"><m:t k="officers.end.do"/></button>
                    </form>
                </section>
            </xsl:if>
        </xsl:for-each>
    </xsl:template>

    <!-- What an operator does next: hand the PIN over, wait, or give another certificate. -->
    <xsl:template name="officer-now">
        <xsl:choose>
            <xsl:when test="@pin">
                <section class="card now" aria-labelledby="hand-over">
                    <h2 id="hand-over"><m:t k="officers.sheet.title"/></h2>
                    <p><m:t k="officers.sheet.text" mail="@mail"/></p>
                    <form method="post" action="/helpdesk/officers/{@id}/sheet">
                        <xsl:call-template name="csrf"/>
                        <button type="submit" class="main"><m:t k="officers.sheet.do"/></button>
                    </form>
                    <p class="hint"><m:t k="officers.sheet.lost"><m:with name="link"><a href="/helpdesk/requests/{@number}"><m:t k="number" number="@number"/></a></m:with></m:t></p>
                </section>
            </xsl:when>
            <xsl:when test="@state = 'applied' or @state = 'renewing'">
                <section class="card now"><p><m:t k="officers.making"/></p><p class="actions"><a class="button" href="/helpdesk/officers/{@id}"><m:t k="officers.look-again"/></a></p></section>
            </xsl:when>
            <xsl:when test="@certificate-key">
                <section class="card now" aria-labelledby="another">
                    <h2 id="another"><m:t k="officers.another.title"/></h2>
                    <p><m:t k="officers.another.text"/></p>
                    <form method="post" action="/helpdesk/officers/{@id}/certificate">
                        <xsl:call-template name="csrf"/>
                        <xsl:call-template name="form-key"><xsl:with-param name="key" select="@certificate-key"/></xsl:call-template>
                        <button type="submit" class="main"><m:t k="officers.another.do"/></button>
                    </form>
                </section>
            </xsl:when>
        </xsl:choose>
    </xsl:template>

    <xsl:template match="desk-officer-act" mode="title"><m:t k="officers.act.{@act}" person="i:name(officer)"/></xsl:template>
    <xsl:template match="desk-officer-act" mode="main">
        <xsl:variable name="end" select="@act = 'officer-end'"/>
        <xsl:call-template name="officer-back"/>
        <xsl:apply-templates select="problem" mode="summary"/>
        <h1><m:t k="officers.act.{@act}" person="i:name(officer)"/></h1>
        <ul>
            <xsl:choose>
                <xsl:when test="$end"><li><m:t k="officers.end.revokes"/></li><li><m:t k="officers.end.out"/></li><li><m:t k="officers.end.mail" mail="officer/@mail"/></li></xsl:when>
                <xsl:otherwise><li><m:t k="officers.confirm.mail" mail="officer/@mail"/></li><li><m:t k="officers.confirm.pin"/></li></xsl:otherwise>
            </xsl:choose>
        </ul>
        <form method="post" action="/helpdesk/officers/{officer/@id}/{substring-after(@act, 'officer-')}">
            <xsl:call-template name="confirmed"><xsl:with-param name="key" select="@form-key"/></xsl:call-template>
            <xsl:if test="$end"><xsl:call-template name="desk-note"/></xsl:if>
            <p class="actions">
                <button type="submit"><xsl:attribute name="class"><xsl:choose><xsl:when test="$end">danger</xsl:when><xsl:otherwise>main</xsl:otherwise></xsl:choose></xsl:attribute><xsl:choose><xsl:when test="$end"><m:t k="officers.end.do"/></xsl:when><xsl:otherwise><m:t k="officers.another.do"/></xsl:otherwise></xsl:choose></button>
                <a class="button plain" href="/helpdesk/officers/{officer/@id}"><m:t k="cancel"/></a>
            </p>
        </form>
    </xsl:template>

    <!-- The sheet: one page of paper. The mail has the URL, this has the PIN, and neither is of use alone. -->
    <xsl:template match="desk-sheet" mode="title"><m:t k="sheet.title"/></xsl:template>
    <xsl:template match="desk-sheet" mode="main">
        <xsl:call-template name="officer-back"/>
        <div class="notice no-print"><xsl:call-template name="icon-note"/><p><m:t k="sheet.print"/></p></div>
        <h1><m:t k="sheet.title"/></h1>
        <xsl:for-each select="officer">
            <p class="sheet-to"><m:t k="sheet.to" person="i:name(.)"/></p>
            <dl class="facts">
                <div><dt><m:t k="desk.institution"/></dt><dd><xsl:value-of select="i:name(institution)"/></dd></div>
                <div><dt><m:t k="fact.name"/></dt><dd><xsl:value-of select="@name"/></dd></div>
                <div><dt><m:t k="sheet.request"/></dt><dd><m:t k="number" number="@number"/></dd></div>
                <div><dt><m:t k="officers.role"/></dt><dd><m:t k="officers.role.{@role}"/></dd></div>
                <div><dt><m:t k="sheet.date"/></dt><dd><xsl:value-of select="i:moment($now)"/></dd></div>
            </dl>
        </xsl:for-each>
        <section aria-labelledby="pin-title">
            <h2 id="pin-title"><m:t k="sheet.pin"/></h2>
            <p class="sheet-pin" id="pin"><xsl:for-each select="group"><span><xsl:for-each select="sign"><xsl:value-of select="@text"/></xsl:for-each></span><xsl:if test="position() != last()"><xsl:text> </xsl:text></xsl:if></xsl:for-each></p>
            <div class="sheet-signs">
                <xsl:for-each select="group">
                    <ol>
                        <xsl:for-each select="sign"><li><b class="mono"><xsl:value-of select="@text"/></b><xsl:text> </xsl:text><xsl:if test="i:has('phonetic.sign.', @key)"><span><m:t k="phonetic.{@kind}"><m:with name="word"><xsl:value-of select="i:message('phonetic.sign.', @key)"/></m:with></m:t></span></xsl:if></li></xsl:for-each>
                    </ol>
                </xsl:for-each>
            </div>
        </section>
        <section aria-labelledby="todo">
            <h2 id="todo"><m:t k="sheet.todo"/></h2>
            <ol>
                <li><m:t k="sheet.step1" mail="officer/@mail" number="officer/@number"/></li>
                <li><m:t k="sheet.step2"/></li>
                <li><m:t k="sheet.step3"/></li>
                <li><m:t k="sheet.step4"><m:with name="address"><code class="break"><xsl:value-of select="@address"/></code></m:with></m:t></li>
            </ol>
            <p><strong><m:t k="sheet.secret"/></strong></p>
        </section>
    </xsl:template>
</xsl:stylesheet>
